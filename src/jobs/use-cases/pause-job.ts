/** Pauses a job and resumes it: its worker keeps where it is, and another one goes on from there. */
import { EspalierError } from '../../errors.ts'
import type { JobRow, Queue, TenantCatalog } from '../ports.ts'
import type { TraceContext } from '../tracing.ts'
import { enqueue } from './enqueue.ts'
import { tellWorkers } from './tell-workers.ts'

/**
 * Gives the job after the request: `paused` when it waited, or `pausing` until its worker has stopped where nothing is lost: within training, of
 * which it saves the state, or before the method has begun. A job that is past that comes to its end.
 * @throws `not-found`, or `conflict` when the job is paused or has ended
 */
export async function pauseJob ({ catalog, queue }: { catalog: TenantCatalog, queue: Queue }, jobId: string): Promise<JobRow> {
  const state = await catalog.requestPause(jobId)
  return await tellWorkers({ catalog, queue }, jobId, 'pause', state === 'paused')
}

/** As the job's next attempt. @throws `not-found`, or `conflict` when the job is not paused */
export async function resumeJob ({ catalog, queue }: { catalog: TenantCatalog, queue: Queue }, jobId: string, traceContext?: TraceContext): Promise<JobRow> {
  const job = await catalog.resume(jobId, traceContext)
  if (job === null) throw new EspalierError('not-found', `there is no job ${jobId}`, { id: jobId })
  await enqueue(queue, job)
  return job
}
