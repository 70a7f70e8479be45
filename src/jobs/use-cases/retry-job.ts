/** Runs a failed or cancelled job again, as a new attempt. */
import { EspalierError } from '../../errors.ts'
import type { JobRow, Queue, TenantCatalog } from '../ports.ts'
import type { TraceContext } from '../tracing.ts'
import { enqueue } from './enqueue.ts'

/** @throws `not-found`, or `conflict` when the job has neither failed nor been cancelled or its files are gone */
export async function retryJob ({ catalog, queue }: { catalog: TenantCatalog, queue: Queue }, jobId: string, traceContext?: TraceContext): Promise<JobRow> {
  const job = await catalog.retry(jobId, traceContext)
  if (job === null) throw new EspalierError('not-found', `there is no job ${jobId}`, { id: jobId })
  await enqueue(queue, job)
  return job
}
