/** What a worker does with the queue's entries: runs each attempt once at a time and passes on what is wished of its job. */
import { EspalierError } from '../errors.ts'
import type { QueueEntry, Wish } from '../jobs/ports.ts'

/** `signal` stops it at once, `pause` where nothing is lost. */
export type RunEntry = (entry: QueueEntry, signal: AbortSignal, pause: AbortSignal) => Promise<unknown>

export interface Work {
  /** Runs the entry's attempt; an attempt that is running here already is joined, not begun twice. Rejects when it ought to be given again. */
  take (entry: QueueEntry): Promise<void>
  wish (wish: Wish, jobId: string): void
  /** Gives all running attempts up, so that another worker begins them again. */
  abandon (): void
  readonly size: number
}

interface Running { readonly entry: QueueEntry, readonly stop: AbortController, readonly pause: AbortController, readonly ended: Promise<unknown> }

export function createWork (run: RunEntry): Work {
  const running = new Map<string, Running>()

  return {
    get size () { return running.size },
    async take (entry) {
      const key = `${entry.jobId}-${entry.attempt}`
      // A queue that forgot the entry (a restart without its data) gets it anew from `reconcile` while the work goes on.
      const same = running.get(key)
      if (same !== undefined) {
        await same.ended
        return
      }
      const [stop, pause] = [new AbortController(), new AbortController()]
      const ended = run(entry, stop.signal, pause.signal)
      running.set(key, { entry, stop, pause, ended })
      try {
        await ended
      } finally {
        running.delete(key)
      }
    },
    wish (wish, jobId) {
      for (const { entry, stop, pause } of running.values()) {
        if (entry.jobId !== jobId) continue
        if (wish === 'cancel') stop.abort(new EspalierError('job-cancelled', 'the job was cancelled'))
        else pause.abort()
      }
    },
    abandon () {
      for (const { stop } of running.values()) stop.abort(new EspalierError('unavailable', 'the worker is closing'))
    },
  }
}
