/** What a worker does with the queue's entries: runs each attempt once at a time and passes on what is wished of its job. */
import { EspalierError } from '../errors.ts'
import type { QueueEntry, Wish } from '../jobs/ports.ts'
import type { Outcome } from '../jobs/use-cases/run-attempt.ts'

/** `stop` ends it at once, `pause` where nothing is lost; so does `drain`, for another worker to go on. */
export interface RunSignals { readonly signal: AbortSignal, readonly pause: AbortSignal, readonly drain: AbortSignal }
export type RunEntry = (entry: QueueEntry, signals: RunSignals) => Promise<Outcome>

export interface Work {
  /** Runs the entry's attempt; an attempt that is running here already is joined, not begun twice. Rejects when it ought to be given again. */
  take (entry: QueueEntry): Promise<Outcome>
  wish (wish: Wish, jobId: string): void
  /** Stops running attempts where nothing is lost, so that another worker goes on with them. */
  drain (): void
  /** Gives all running attempts up at once, so that another worker begins them again. */
  abandon (): void
  /** Ids of jobs that are worked on. */
  jobs (): string[]
}

interface Running { readonly entry: QueueEntry, readonly stop: AbortController, readonly pause: AbortController, readonly ended: Promise<Outcome> }

export function createWork (run: RunEntry): Work {
  const running = new Map<string, Running>()
  const draining = new AbortController()

  return {
    async take (entry) {
      const key = `${entry.jobId}-${entry.attempt}`
      // A queue that forgot the entry (a restart without its data) gets it anew from `reconcile` while the work goes on.
      const same = running.get(key)
      if (same !== undefined) return await same.ended
      const [stop, pause] = [new AbortController(), new AbortController()]
      const ended = run(entry, { signal: stop.signal, pause: pause.signal, drain: draining.signal })
      running.set(key, { entry, stop, pause, ended })
      try {
        return await ended
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
    drain () {
      draining.abort()
    },
    abandon () {
      for (const { stop } of running.values()) stop.abort(new EspalierError('unavailable', 'the worker is closing'))
    },
    jobs: () => [...running.values()].map(({ entry }) => entry.jobId),
  }
}
