/** The Pareto sets of a sweep: points that nothing beats in the metric without costing more. */
import type { Candidate, MainMetric } from './candidates.ts'
import { PARETO_COSTS, type CostName, type ParetoCost } from './costs.ts'
import { nondominated } from './nondominated.ts'

/** Ids of jobs, in the order of their places; `all` weighs the metric and every cost that was measured. */
export type ParetoSets = Readonly<Record<ParetoCost | 'all', string[]>>

/** Points without one of the figures of a set are not in that set. A cost that no point has does not count among `all`. */
export function paretoSets (candidates: readonly Candidate[], metric: MainMetric | null): ParetoSets {
  const measured = PARETO_COSTS.filter((name) => candidates.some(({ costs }) => costs[name] !== null))
  const one = (name: ParetoCost): string[] => paretoSet(candidates, metric, [name]).map(({ job }) => job)
  return { bytes: one('bytes'), macs: one('macs'), latency: one('latency'), all: paretoSet(candidates, metric, measured).map(({ job }) => job) }
}

/** The candidates that are not dominated in the metric and these costs. */
export function paretoSet (candidates: readonly Candidate[], metric: MainMetric | null, costs: readonly CostName[]): Candidate[] {
  if (metric === null) return []
  const sign = metric.better === 'higher' ? -1 : 1
  const rows = candidates.map((candidate) => [candidate.metric === null ? NaN : sign * candidate.metric, ...costs.map((name) => candidate.costs[name] ?? NaN)])
  return nondominated(rows).map((index) => candidates[index]!)
}
