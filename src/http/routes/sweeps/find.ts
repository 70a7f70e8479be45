/** The row of a sweep by its id, or the problem that there is none. */
import type { TenantCatalog } from '../../../jobs/ports.ts'
import type { SweepRow } from '../../../jobs/sweeps/ports.ts'
import { noSuchSweep } from '../../../jobs/use-cases/cancel-sweep.ts'

export async function findSweep (catalog: TenantCatalog, id: string): Promise<SweepRow> {
  const row = await catalog.sweep(id)
  if (row === null) throw noSuchSweep(id)
  return row
}
