/** Waits for the end of a job: looks at it when it is told that its state changed, and not in between. */
import type { JobRow, TenantCatalog } from '../ports.ts'
import { isEnded } from '../states.ts'
import type { JobChanges } from '../watching.ts'
import { createBell } from './bell.ts'

/** The job's row when it has ended, or when `signal` aborts; null when there is none. */
export async function awaitEnd (catalog: TenantCatalog, changes: JobChanges, jobId: string, signal: AbortSignal): Promise<JobRow | null> {
  const bell = createBell<'look'>()
  const stop = changes.ofJob(jobId, (kind) => { if (kind === 'state' || kind === null) bell.ring('look') })
  try {
    for (;;) {
      const row = await catalog.job(jobId)
      if (row === null || isEnded(row.state) || signal.aborted) return row
      await bell.rung(signal)
    }
  } finally {
    stop()
  }
}
