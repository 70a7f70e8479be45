/** A training run's figures on their way out of an engine process: collected, and sent together from time to time. */
import { keptPoint, type MetricPoint } from '../methods/metric-point.ts'
import type { MetricsMessage } from './protocol.ts'

/** Every message costs the worker a transaction. */
const SEND_EVERY_MS = 1000

export interface MetricsBuffer {
  /** The run begins, or goes on after `step`: points of later steps belong to a start that was lost. */
  begin (step: number): void
  add (point: MetricPoint): void
  /** Sends what was collected. */
  flush (): void
}

export function metricsBuffer (job: string, send: (message: MetricsMessage) => void, everyMs = SEND_EVERY_MS): MetricsBuffer {
  let points: MetricPoint[] = []
  let timer: NodeJS.Timeout | undefined

  function flush (): void {
    clearTimeout(timer)
    timer = undefined
    if (points.length > 0) send({ type: 'metrics', job, points })
    points = []
  }

  return {
    flush,
    begin (step) {
      flush()
      send({ type: 'metrics', job, from: step, points: [] })
    },
    add (point) {
      const kept = keptPoint(point)
      if (kept === undefined) return
      points.push(kept)
      timer ??= setTimeout(flush, everyMs)
    },
  }
}
