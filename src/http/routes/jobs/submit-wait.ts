/** `?wait=` of POST /v1/jobs: the answer comes when the job has ended, or when the time is over. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError } from '../../../errors.ts'
import type { StoredAnswer } from '../../../jobs/ports.ts'
import type { Job } from '../../../jobs/resources.ts'
import { isEnded } from '../../../jobs/states.ts'
import { awaitEnd } from '../../../jobs/use-cases/await-end.ts'
import { findJob } from '../../../jobs/use-cases/job-view.ts'
import { oneAfterAnotherBy } from '../../../jobs/use-cases/one-after-another.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { principalOf, tenantOf } from '../../principal.ts'
import { waiting } from '../../waiting.ts'

/** The answer to a job that was made, or made before by the same request, in the place of the one that told its making. */
export type AnswerInTheEnd = (request: FastifyRequest, reply: FastifyReply, made: StoredAnswer, seconds: number | undefined) => Promise<StoredAnswer>

/** 200 for a job that has ended, 202 for one that has not; what was kept of its making for one that is gone. */
export function answersInTheEnd (app: App, { catalog, changes }: Dependencies): AnswerInTheEnd {
  const waitFor = waiting(app)
  // As for those who wait with GET: they look together.
  const look = oneAfterAnotherBy(async (key) => {
    const [tenant, id] = JSON.parse(key) as [string, string]
    return await findJob(catalog.of(tenant), id)
  })

  return async (request, reply, made, seconds = 0) => {
    if (seconds <= 0) return made
    const { id } = JSON.parse(made.body) as Job
    const key = JSON.stringify([tenantOf(request), id])
    const job = await waitFor(reply, seconds, async (signal) => await awaitEnd(async () => await look(key), changes, id, signal))
    return job === null ? made : { ...made, status: isEnded(job.state) ? 200 : 202, body: JSON.stringify(job) }
  }
}

/** Before anything is made: what a job came to is for those who may read. @throws `forbidden` */
export function mayWait (request: FastifyRequest, seconds: number | undefined): void {
  const { scopes } = principalOf(request)
  if (seconds === undefined || scopes.includes('read')) return
  throw new EspalierError('forbidden', `wait: this needs the scope "read"; the key has ${scopes.join(', ')}`, { scope: 'read' })
}
