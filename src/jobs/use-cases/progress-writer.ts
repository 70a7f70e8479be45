/** Writes a job's progress without holding up the work: at most one write at a time, with a pause between, the latest wins. */
import type { Progress } from '../resources.ts'

export const PROGRESS_PAUSE_MS = 200

export interface ProgressWriter {
  report (progress: Progress): void
  /** Drops what is not yet written and waits for the write under way. */
  stop (): Promise<void>
}

/** `refused` is called when a write did not take place because the job is no longer running under this attempt. */
export function progressWriter (write: (progress: Progress) => Promise<boolean>, refused: () => void, pauseMs = PROGRESS_PAUSE_MS): ProgressWriter {
  let latest: Progress | undefined
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function next (): void {
    timer = undefined
    if (stopped || latest === undefined) return
    const progress = latest
    latest = undefined
    // A lost write is no harm: the next one says more.
    writing = write(progress).then((written) => { if (!written && !stopped) refused() }, () => {}).finally(() => {
      writing = undefined
      if (!stopped) timer = setTimeout(next, pauseMs)
    })
  }

  return {
    report (progress) {
      latest = progress
      if (writing === undefined && timer === undefined) next()
    },
    async stop () {
      stopped = true
      clearTimeout(timer)
      await writing
    },
  }
}
