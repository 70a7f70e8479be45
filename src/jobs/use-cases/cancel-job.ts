/** Cancels a job: at once while it waits, else by telling its worker. */
import { EspalierError } from '../../errors.ts'
import type { Catalog, JobRow, Queue } from '../ports.ts'

/**
 * Gives the job after the request: `cancelled`, or `cancelling` until its worker has stopped.
 * @throws `not-found`, or `conflict` when the job has ended
 */
export async function cancelJob ({ catalog, queue }: { catalog: Catalog, queue: Queue }, jobId: string): Promise<JobRow> {
  const state = await catalog.requestCancel(jobId)
  const job = state === null ? null : await catalog.job(jobId)
  if (job === null) throw new EspalierError('not-found', `there is no job ${jobId}`, { id: jobId })
  try {
    if (state === 'cancelled') await queue.remove({ jobId, attempt: job.attempt })
    else await queue.announceCancel(jobId)
  } catch (thrown) {
    // An entry that stays is not begun; a worker that was not told finds out by itself.
    if (EspalierError.from(thrown).code !== 'unavailable') throw thrown
  }
  return job
}
