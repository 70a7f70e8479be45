/** Group L1: the size of all that goes with a channel. */
import type { Criterion, ScoreContext } from './criterion.ts'
import { sizesOf, spreadOverUnits, sumByUnit } from './unit-scores.ts'

/** The mean of |w| over the channel's weights in the kernel, its bias, and its scale and shift in the batch normalisation that follows. Source: Li et al. 2017, whose norm is that of the kernel alone. */
export const groupL1: Criterion = {
  description: 'of channels: the mean absolute value of all that goes with it: its weights, bias, scale and shift',
  formula: 'mean |w| over the channel, its bias, gamma and beta',
  source: 'Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017; Fang et al., DepGraph: Towards Any Structural Pruning, CVPR 2023',
  observes: 'companions',
  granularities: ['channel'],
  score: (weights, context) => spreadOverUnits(weights, context.grouping, meansOver(weights, context, Math.abs)),
}

/** The mean of `term` over the weights of each unit and what goes with it. */
export function meansOver (weights: Float32Array, { grouping, observed: { companions } }: Pick<ScoreContext, 'grouping' | 'observed'>, term: (value: number) => number): Float64Array {
  const counts = sizesOf(weights, grouping)
  const sums = new Float64Array(counts.length)
  sumByUnit(sums, weights, (index) => grouping?.of[index] ?? index, term)
  for (const { values, of } of companions!) {
    sumByUnit(sums, values, of, term)
    sumByUnit(counts, values, of, () => 1)
  }
  return sums.map((sum, unit) => sum / counts[unit]!)
}
