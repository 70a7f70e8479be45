/** What a sweep comes to: its Pareto sets, and the point that its rule picks. */
import { candidatesOf, mainMetricOf, type MainMetric, type MeasuredPoint } from './candidates.ts'
import { paretoSets, type ParetoSets } from './pareto.ts'
import { pick, type Pick } from './picks/index.ts'
import type { Picked } from './picks/rule.ts'

export interface SweepResult {
  /** By which points are compared; null when none was measured. */
  readonly metric: MainMetric | null
  readonly pareto: ParetoSets
  /** Null without a rule. */
  readonly picked: Picked | null
}

/** Of the points in the order of their places, as far as they have come. */
export function resultOf (points: readonly MeasuredPoint[], rule: Pick | null): SweepResult {
  const metric = mainMetricOf(points)
  const candidates = candidatesOf(points, metric)
  return { metric, pareto: paretoSets(candidates, metric), picked: rule === null ? null : pick(rule, candidates, metric) }
}
