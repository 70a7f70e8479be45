/** POST /v1/jobs/{id}/cancel, /pause, /resume and /retry. */
import type { FastifyRequest } from 'fastify'
import type { JobRow, Queue, TenantCatalog } from '../../../jobs/ports.ts'
import { cancelJob } from '../../../jobs/use-cases/cancel-job.ts'
import { pauseJob, resumeJob } from '../../../jobs/use-cases/pause-job.ts'
import { viewOf } from '../../../jobs/use-cases/job-view.ts'
import { retryJob } from '../../../jobs/use-cases/retry-job.ts'
import { answerOnce } from '../../answers.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { queueing } from '../../queueing.ts'
import { IdParams, JobRef, json, NoQuery, PostHeaders, problems } from '../../schemas.ts'

interface Mine { readonly catalog: TenantCatalog, readonly queue: Queue }

export function addJobActionRoutes (app: App, { catalog, queue }: Dependencies): void {
  const actions: ReadonlyArray<{ name: string, summary: string, description: string, act (mine: Mine, id: string, request: FastifyRequest): Promise<JobRow> }> = [
    {
      name: 'cancel',
      summary: 'Cancel a job',
      description: 'A queued or paused job is cancelled at once; a running one is `cancelling` until its worker has stopped.',
      act: async (mine, id) => await cancelJob(mine, id),
    },
    {
      name: 'pause',
      summary: 'Pause a job',
      description: 'A queued job is paused at once; a running one is `pausing` until its worker has stopped it where nothing is lost: within training, whose state it saves, ' +
        'or before anything was pruned. What comes after that (evaluating, writing, verifying) is not stopped: the job then ends as if nothing had been asked.',
      act: async (mine, id) => await pauseJob(mine, id),
    },
    {
      name: 'resume',
      summary: 'Go on with a paused job',
      description: 'The job is queued again as its next attempt, which goes on from the saved state and comes to the same files.',
      act: async (mine, id, request) => await queueing(request, 'resume job', async (context) => await resumeJob(mine, id, context)),
    },
    {
      name: 'retry',
      summary: 'Run a failed or cancelled job again',
      description: 'The job is queued again as its next attempt.',
      act: async (mine, id, request) => await queueing(request, 'retry job', async (context) => await retryJob(mine, id, context)),
    },
  ]
  for (const { name, summary, description, act } of actions) {
    app.post(`/jobs/:id/${name}`, {
      schema: {
        operationId: `${name}Job`,
        security: needs('write'),
        summary,
        description,
        tags: ['jobs'],
        headers: PostHeaders,
        params: IdParams,
        querystring: NoQuery,
        response: { 202: json('The job in its new state', JobRef), ...problems(404, 409) },
      },
    }, async (request, reply) => await answerOnce(request, reply, catalog, name, async () => {
      const mine = { catalog: catalog.of(tenantOf(request)), queue }
      return { status: 202, location: `/v1/jobs/${request.params.id}`, body: await viewOf(mine.catalog, await act(mine, request.params.id, request)) }
    }))
  }
}
