/** POST /v1/jobs: a job from stored files, as JSON, or from files in one form. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import { parseRecipe } from '../../../pruning/recipe.ts'
import { answerOnce, fingerprintOf, idempotencyKey, type Answer, type AnswerOptions } from '../../answers.ts'
import type { JobMaxima } from '../../../jobs/limits.ts'
import type { Queue, StoredAnswer, TenantCatalog } from '../../../jobs/ports.ts'
import { viewOf } from '../../../jobs/use-cases/job-view.ts'
import { submitJob, type Submission } from '../../../jobs/use-cases/submit-job.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { fewAtOnce } from '../../few-at-once.ts'
import { tenantOf } from '../../principal.ts'
import { JobRef, json, PostHeaders, problems } from '../../schemas.ts'
import { queueing } from '../../queueing.ts'
import { receiveForm, type ReceivedForm } from '../../uploads/form.ts'
import { withRoom } from '../../uploads/room.ts'
import { validated } from '../../validation.ts'
import { WaitSeconds } from '../../waiting.ts'
import type { JobInTheEnd } from './ended.ts'
import { JobForm, JobRequest, JobRequestDocument, JOB_PARTS } from './form.ts'
import { storeJobFiles } from './store.ts'
import { answersInTheEnd, mayWait } from './submit-wait.ts'

const SubmitQuery = Type.Object({ wait: Type.Optional(WaitSeconds) }, { additionalProperties: false })

/** Jobs that are put into the database at once by this process; more of them wait, so that whoever reads does not wait behind all of them. */
const SUBMISSIONS_AT_ONCE = 4

export function addSubmitRoute (app: App, dependencies: Dependencies, jobInTheEnd: JobInTheEnd): void {
  const few = fewAtOnce(SUBMISSIONS_AT_ONCE)
  const inTheEnd = answersInTheEnd(jobInTheEnd)

  app.post('/jobs', {
    schema: {
      operationId: 'createJob',
      security: needs('write'),
      summary: 'Submit a job',
      description: 'JSON with the ids of a stored model and data set, or one form with the files themselves, in any order.\n\n' +
        'A recipe that comes first is checked before the files are read.\n\n' +
        'With `wait` the answer comes when the job has ended (200), or after that many seconds in whatever state it is then (202). The same Idempotency-Key gets the same job: with `wait` as it is by then, without as it was made.',
      tags: ['jobs'],
      consumes: ['application/json', 'multipart/form-data'],
      headers: PostHeaders,
      querystring: SubmitQuery,
      body: { content: { 'application/json': { schema: JobRequestDocument }, 'multipart/form-data': { schema: JobForm } } },
      response: { 200: json('The job, ended while the request waited', JobRef), 202: json('The job, queued; Location holds its address', JobRef), ...problems(404, 409, 413, 415, 422, 507) },
    },
  }, async (request, reply) => {
    idempotencyKey(request)
    const { wait } = request.query
    mayWait(request, wait)
    const last = async (made: StoredAnswer): Promise<StoredAnswer> => await inTheEnd(request, reply, made, wait)
    return request.isMultipart() ? await fromForm(request, reply, dependencies, { few, last }) : await fromJson(request, reply, dependencies, { few, last })
  })
}

interface Mine { readonly catalog: TenantCatalog, readonly queue: Queue, readonly maxima?: JobMaxima }

function mineOf (request: FastifyRequest, { catalog, queue, limits: { job: maxima } }: Dependencies): Mine {
  return { catalog: catalog.of(tenantOf(request)), queue, ...(maxima && { maxima }) }
}

async function fromJson (request: FastifyRequest, reply: FastifyReply, dependencies: Dependencies, options: AnswerOptions): Promise<FastifyReply> {
  const body = validated(JobRequest, request.body ?? {}, 'body')
  const submission: Submission = { ...body, recipe: parseRecipe(body.recipe) }
  return await answerOnce(request, reply, dependencies.catalog, fingerprintOf(body), async () => await submitted(submission, mineOf(request, dependencies), request), options)
}

async function fromForm (request: FastifyRequest, reply: FastifyReply, dependencies: Dependencies, options: Required<AnswerOptions>): Promise<FastifyReply> {
  return await withRoom(request, dependencies, undefined, async (store) => await fromReceived(await receiveForm(request, JOB_PARTS, store), request, reply, dependencies, options))
}

async function fromReceived (form: ReceivedForm, request: FastifyRequest, reply: FastifyReply, dependencies: Dependencies, { few, last }: Required<AnswerOptions>): Promise<FastifyReply> {
  const { catalog } = dependencies
  for (const part of ['model', 'recipe']) {
    if (!form.files.has(part) && !form.fields.has(part)) throw new EspalierError('invalid-request', `part "${part}" is needed`)
  }
  return await answerOnce(request, reply, catalog, form.fingerprint, async () => {
    const mine = mineOf(request, dependencies)
    const stored = await storeJobFiles(form, dependencies, mine.catalog)
    try {
      return await few(async () => await submitted(stored.submission, mine, request))
    } catch (error) {
      await stored.undo()
      throw error
    }
  }, { last })
}

async function submitted (submission: Submission, mine: Mine, request: FastifyRequest): Promise<Answer> {
  const row = await queueing(request, 'submit job', async (traceContext) => await submitJob(mine, { ...submission, traceContext }))
  return { status: 202, location: `/v1/jobs/${row.id}`, body: await viewOf(mine.catalog, row) }
}
