/** Writes a run's figures without holding up the work: one write at a time, and what could not be written goes with the next. */
import type { MetricBatch } from '../ports.ts'

/** Points that wait at most. A Catalog that is away for long costs the oldest of them, not the worker's memory. */
const MAX_WAITING = 10_000

/** Each try waits as long as the Catalog's own patience. */
const SETTLING_TRIES = 3

export interface MetricsWriter {
  report (batch: MetricBatch): void
  /** Waits until everything that was reported is written; what fails is tried again a few times, as nothing may come after it that it could go with. */
  settled (): Promise<void>
}

/** `refused` is called when a write did not take place because the job is no longer worked on under this attempt. */
export function metricsWriter (write: (batch: MetricBatch) => Promise<boolean>, refused: () => void): MetricsWriter {
  let waiting: MetricBatch | undefined
  let writing: Promise<void> | undefined

  function next (): void {
    if (writing !== undefined || waiting === undefined) return
    const batch = waiting
    waiting = undefined
    writing = write(batch).then((written) => {
      writing = undefined
      if (written) next()
      else refused()
    }, () => {
      writing = undefined
      waiting = waiting === undefined ? batch : joined(batch, waiting)
    })
  }

  return {
    report (batch) {
      waiting = waiting === undefined ? batch : joined(waiting, batch)
      next()
    },
    async settled () {
      for (let tries = SETTLING_TRIES; ; tries--) {
        while (writing !== undefined) await writing
        if (waiting === undefined || tries === 0) return
        next()
      }
    },
  }
}

/** Both as one: what the later one begins anew is gone from the earlier one. */
export function joined (earlier: MetricBatch, later: MetricBatch): MetricBatch {
  const { from } = later
  const before = from === undefined ? earlier.points : earlier.points.filter(({ step }) => step <= from)
  const points = [...before, ...later.points].slice(-MAX_WAITING)
  const begins = [earlier.from, from].filter((step) => step !== undefined)
  return { ...(begins.length > 0 && { from: Math.min(...begins) }), points }
}
