/** `?wait=` of POST /v1/jobs: the answer comes when the job has ended, or when the time is over. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError } from '../../../errors.ts'
import type { StoredAnswer } from '../../../jobs/ports.ts'
import type { Job } from '../../../jobs/resources.ts'
import { isEnded } from '../../../jobs/states.ts'
import { principalOf, tenantOf } from '../../principal.ts'
import type { JobInTheEnd } from './ended.ts'

/** The answer to a job that was made, or made before by the same request, in the place of the one that told its making. */
export type AnswerInTheEnd = (request: FastifyRequest, reply: FastifyReply, made: StoredAnswer, seconds: number | undefined) => Promise<StoredAnswer>

/** 200 for a job that has ended, 202 for one that has not; what was kept of its making for one that is gone. */
export function answersInTheEnd (inTheEnd: JobInTheEnd): AnswerInTheEnd {
  return async (request, reply, made, seconds = 0) => {
    if (seconds <= 0) return made
    const { id } = JSON.parse(made.body) as Job
    const job = await inTheEnd(reply, tenantOf(request), id, seconds)
    return job === null ? made : { ...made, status: isEnded(job.state) ? 200 : 202, body: JSON.stringify(job) }
  }
}

/** Before anything is made: what a job came to is for those who may read. @throws `forbidden` */
export function mayWait (request: FastifyRequest, seconds: number | undefined): void {
  const { scopes } = principalOf(request)
  if (seconds === undefined || scopes.includes('read')) return
  throw new EspalierError('forbidden', `wait: this needs the scope "read"; the key has ${scopes.join(', ')}`, { scope: 'read' })
}
