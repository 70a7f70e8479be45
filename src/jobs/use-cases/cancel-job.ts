/** Cancels a job: at once while no worker has it, else by telling its worker. */
import type { JobRow, Queue, TenantCatalog } from '../ports.ts'
import { tellWorkers } from './tell-workers.ts'

/**
 * Gives the job after the request: `cancelled`, or `cancelling` until its worker has stopped.
 * @throws `not-found`, or `conflict` when the job has ended
 */
export async function cancelJob ({ catalog, queue }: { catalog: TenantCatalog, queue: Queue }, jobId: string): Promise<JobRow> {
  const state = await catalog.requestCancel(jobId)
  return await tellWorkers({ catalog, queue }, jobId, 'cancel', state === 'cancelled')
}
