/** The points of a sweep as they are compared: by one metric and by what they cost. */
import type { Measurement } from '../../methods/receipt.ts'
import type { JobState } from '../resources.ts'
import { COST_NAMES, COSTS, type CostName } from './costs.ts'

/** What is known of a point: figures are there when its job has succeeded. */
export interface MeasuredPoint { readonly job: string, readonly state: JobState, readonly before: Measurement | null, readonly after: Measurement | null }

/** The metrics that tell how good a model is, the first that there is. */
export const MAIN_METRICS = [
  { name: 'accuracy', better: 'higher' },
  { name: 'mse', better: 'lower' },
  { name: 'loss', better: 'lower' },
] as const

export type MainMetric = typeof MAIN_METRICS[number]

/** A point whose job has succeeded; figures that were not measured are null. */
export interface Candidate {
  readonly job: string
  /** Of the pruned model, and of the given one as measured beside it. */
  readonly metric: number | null
  readonly before: number | null
  readonly costs: Readonly<Record<CostName, number | null>>
}

/** The metric by which the points are compared; null when nothing was measured. */
export function mainMetricOf (points: readonly MeasuredPoint[]): MainMetric | null {
  return MAIN_METRICS.find(({ name }) => points.some(({ after }) => metricOf(after, name) !== null)) ?? null
}

/** Of the points that have succeeded, in their order. */
export function candidatesOf (points: readonly MeasuredPoint[], metric: MainMetric | null): Candidate[] {
  return points.flatMap(({ job, state, before, after }) => state !== 'succeeded' || after === null
    ? []
    : [{
        job,
        metric: metric === null ? null : metricOf(after, metric.name),
        before: metric === null ? null : metricOf(before, metric.name),
        costs: Object.fromEntries(COST_NAMES.map((name) => [name, finite(COSTS[name].of(after))])) as Record<CostName, number | null>,
      }])
}

export function metricOf (measured: Measurement | null, name: string): number | null {
  return finite(measured?.metrics?.[name])
}

function finite (value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
