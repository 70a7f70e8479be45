/** What a worker does with the queue's entries: runs each attempt once at a time and stops it when its job is cancelled. */
import { EspalierError } from '../errors.ts'
import type { QueueEntry } from '../jobs/ports.ts'

export type RunEntry = (entry: QueueEntry, signal: AbortSignal) => Promise<unknown>

export interface Work {
  /** Runs the entry's attempt; an attempt that is running here already is joined, not begun twice. Rejects when it ought to be given again. */
  take (entry: QueueEntry): Promise<void>
  cancel (jobId: string): void
  /** Gives all running attempts up, so that another worker begins them again. */
  abandon (): void
  readonly size: number
}

interface Running { readonly entry: QueueEntry, readonly controller: AbortController, readonly ended: Promise<unknown> }

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
      const controller = new AbortController()
      const ended = run(entry, controller.signal)
      running.set(key, { entry, controller, ended })
      try {
        await ended
      } finally {
        running.delete(key)
      }
    },
    cancel (jobId) {
      for (const { entry, controller } of running.values()) {
        if (entry.jobId === jobId) controller.abort(new EspalierError('job-cancelled', 'the job was cancelled'))
      }
    },
    abandon () {
      for (const { controller } of running.values()) controller.abort(new EspalierError('unavailable', 'the worker is closing'))
    },
  }
}
