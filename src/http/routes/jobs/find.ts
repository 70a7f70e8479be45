/** The row of a job by its id, or the problem that there is none or that it has no receipt. */
import { EspalierError } from '../../../errors.ts'
import type { JobRow, TenantCatalog } from '../../../jobs/ports.ts'
import type { Job } from '../../../jobs/resources.ts'
import { jobView, keptOf, waitOf } from '../../../jobs/use-cases/job-view.ts'
import type { Receipt } from '../../../methods/receipt.ts'

export function noSuchJob (id: string): EspalierError {
  return new EspalierError('not-found', `there is no job ${id}`)
}

export async function findJob (catalog: TenantCatalog, id: string): Promise<JobRow> {
  const row = await catalog.job(id)
  if (row === null) throw noSuchJob(id)
  return row
}

/** The job as clients see it. Read after the row: one that says `succeeded` has its artifacts already. */
export async function viewOf (catalog: TenantCatalog, row: JobRow): Promise<Job> {
  return jobView(row, ...await Promise.all([catalog.artifacts(row.id), catalog.attempts(row.id), waitOf(catalog, row), keptOf(catalog, row)]))
}

/** Throws `conflict` while there is none: only a job that succeeded has a receipt. */
export function receiptOf (row: JobRow): Receipt {
  if (row.receipt !== null) return row.receipt
  throw new EspalierError('conflict', `job ${row.id} has no receipt: it is ${row.state}, and only a job that succeeded has one`, { state: row.state })
}
