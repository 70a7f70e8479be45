/** Cancels all jobs of a sweep that have not ended. */
import { EspalierError } from '../../errors.ts'
import type { Queue, TenantCatalog } from '../ports.ts'
import type { SweepRow } from '../sweeps/ports.ts'

/**
 * Gives the sweep after the request: `cancelling` until the workers have stopped, and until one of them has closed it.
 * @throws `not-found`, or `conflict` when all jobs have ended
 */
export async function cancelSweep ({ catalog, queue }: { catalog: TenantCatalog, queue: Queue }, sweepId: string): Promise<SweepRow> {
  const changed = await catalog.requestCancelSweep(sweepId)
  if (changed === null) throw noSuchSweep(sweepId)
  try {
    for (const { id: jobId, attempt, state } of changed) {
      if (state === 'cancelled') await queue.remove({ jobId, attempt })
      else await queue.announce('cancel', jobId)
    }
  } catch (thrown) {
    // Entries that stay are not begun; workers that were not told find out by themselves.
    if (EspalierError.from(thrown).code !== 'unavailable') throw thrown
  }
  const sweep = await catalog.sweep(sweepId)
  if (sweep === null) throw noSuchSweep(sweepId)
  return sweep
}

export function noSuchSweep (id: string): EspalierError {
  return new EspalierError('not-found', `there is no sweep ${id}`, { id })
}
