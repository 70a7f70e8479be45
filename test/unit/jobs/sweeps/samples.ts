/** Points of sweeps that tests make up. */
import type { Candidate, MeasuredPoint } from '../../../../src/jobs/sweeps/candidates.ts'
import type { Measurement } from '../../../../src/methods/receipt.ts'
import { RECEIPT } from '../../../contract/samples.ts'

export interface MadeUp { readonly accuracy: number | null, readonly before?: number | null, readonly bytes: number, readonly macs?: number | null, readonly latency?: number | null }

function measured ({ accuracy, bytes, macs = null, latency = null }: MadeUp): Measurement {
  return { ...RECEIPT.after, metrics: accuracy === null ? null : { accuracy, loss: 1 }, bytes, macs, latencyMs: latency === null ? null : { p50: latency, p95: latency, batch: 1, runs: 3 } }
}

/** The points of succeeded jobs, whose ids are their places. */
export function pointsOf (made: readonly MadeUp[]): MeasuredPoint[] {
  return made.map((point, place) => ({ job: String(place), state: 'succeeded', before: measured({ ...point, accuracy: point.before ?? 0.9 }), after: measured(point) }))
}

export function candidate (job: string, metric: number | null, costs: Partial<Candidate['costs']>, before: number | null = 0.9): Candidate {
  return { job, metric, before, costs: { bytes: null, gzipBytes: null, nonzeros: null, weights: null, macs: null, latency: null, ...costs } }
}

export const ACCURACY = { name: 'accuracy', better: 'higher' } as const
export const MSE = { name: 'mse', better: 'lower' } as const
