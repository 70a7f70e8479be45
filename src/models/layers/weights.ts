/** Descriptions of the weights that layers have: what may be pruned, and what not and why. */
import type { WeightAxes, WeightSpec } from '../architecture/types.ts'
import type { Shape } from '../tensor.ts'

/** Why a weight is left alone by default. */
export const REASONS = {
  bias: 'biases are few and move every output of a unit',
  normalisation: 'normalisation parameters scale whole channels',
  slope: 'slopes of an activation are no connections',
  constant: 'constants that are added or multiplied are no connections',
  state: 'initial states are no connections',
  statistics: 'statistics of the training data are measured, not learned',
} as const

/** A kernel: connections, which may be pruned. */
export function kernel (role: string, shape: Shape, axes: WeightAxes): WeightSpec {
  return { role, shape, trainable: true, prunable: true, axes }
}

/** A weight that is left alone by default. All of its axes tell outputs apart. */
export function kept (role: string, shape: Shape, why: keyof typeof REASONS): WeightSpec {
  const axes = { output: shape.map((_, axis) => axis), input: [], spatial: [] }
  return { role, shape, trainable: why !== 'statistics', prunable: false, reason: REASONS[why], axes }
}

/** A bias of `units` values, if there is one. */
export function biasIf (used: boolean, units: number): WeightSpec[] {
  return used ? [kept('bias', [units], 'bias')] : []
}
