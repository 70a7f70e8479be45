/** Waits for the end of a job: looks at it when it is told that its state changed, and not in between. */
import type { JobState } from '../resources.ts'
import { isEnded } from '../states.ts'
import type { JobChanges } from '../watching.ts'
import { createBell } from './bell.ts'

/** What `look` gives when the job has ended, or when `signal` aborts; null when there is none. */
export async function awaitEnd<J extends { readonly state: JobState }> (look: () => Promise<J | null>, changes: JobChanges, jobId: string, signal: AbortSignal): Promise<J | null> {
  const bell = createBell<'look'>()
  const stop = changes.ofJob(jobId, (kind) => { if (kind === 'state' || kind === null) bell.ring('look') })
  try {
    for (;;) {
      const job = await look()
      if (job === null || isEnded(job.state) || signal.aborted) return job
      await bell.rung(signal)
    }
  } finally {
    stop()
  }
}
