/** Work that puts a job into the queue: a span whose trace the job goes on with, and a line of the log with the job's id. */
import type { FastifyRequest } from 'fastify'
import { EspalierError } from '../errors.ts'
import type { JobRow } from '../jobs/ports.ts'
import type { TraceContext } from '../jobs/tracing.ts'

export async function queueing (request: FastifyRequest, name: string, work: (context: TraceContext | undefined) => Promise<JobRow>): Promise<JobRow> {
  const span = request.span.child(name, { kind: 'producer' })
  try {
    const job = await work(span.context)
    span.set({ 'espalier.job.id': job.id, 'espalier.job.attempt': job.attempt, 'espalier.method': job.recipe.method })
    request.log.info({ jobId: job.id, attempt: job.attempt, method: job.recipe.method }, 'job queued')
    return job
  } catch (error) {
    span.fail(EspalierError.from(error).code)
    throw error
  } finally {
    span.end()
  }
}
