/** Masks inside the graph: new ones by scores, set together with what they hide, and how many weights went and came back. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { TrainedWeight, TrainState } from '../train/state.ts'
import { selectUnits } from './select.ts'
import { lampScores } from './lamp.ts'
import { unitsOf, type UnitLayout, type Units } from './units.ts'

export interface MaskedWeight extends TrainedWeight { readonly mask: Variable }

export interface Member { readonly weight: MaskedWeight, readonly units: Units }

/** Weights that compete for one number of zeros. */
export interface Arena {
  readonly members: readonly Member[]
  /** Do they rank by their share of what their tensor would have left? */
  readonly lamp: boolean
}

/** The weights of an arena, by name. */
export interface ArenaNames { readonly members: readonly string[], readonly lamp?: boolean }

/** Scores >= 0 in the weight's shape; what has less goes first. */
export type Score = (weight: MaskedWeight) => Tensor

export interface NewMask {
  readonly weight: MaskedWeight
  readonly mask: Tensor
  /** float32 scalar: the largest score that goes, of the weight's own units. */
  readonly threshold: Tensor
}

/** The weights that are pruned, in the model's order. */
export function prunedWeights ({ weights }: TrainState): MaskedWeight[] {
  return weights.filter((weight): weight is MaskedWeight => weight.pruned)
}

/** `layouts`: by name, null where every element is a unit of its own. */
export function arenasOf (state: TrainState, names: readonly ArenaNames[], layouts: ReadonlyMap<string, UnitLayout | null>): Arena[] {
  const byName = new Map(prunedWeights(state).map((weight) => [weight.name, weight]))
  return names.map(({ members, lamp = false }) => ({
    lamp,
    members: members.map((name) => {
      const weight = byName.get(name)!
      return { weight, units: unitsOf(weight.variable.shape, layouts.get(name) ?? null) }
    }),
  }))
}

export function magnitude ({ variable }: TrainedWeight): Tensor {
  return tf.abs(variable)
}

/** Exactly so many zeros in each arena, those of the least scores. `zeros`: int32 [arenas]. */
export function masksByScore (arenas: readonly Arena[], zeros: Tensor, score: Score): NewMask[] {
  const counts = tf.unstack(zeros)
  return arenas.flatMap(({ members, lamp }, index) => {
    const scored = members.map(({ weight, units }) => {
      const elements = score(weight)
      return { weight, units, elements, scores: units.scores(elements) }
    })
    const { kept } = selectUnits(scored.map(({ units, scores }) => ({ units, scores: lamp ? lampScores(scores) : scores })), counts[index]!)
    return scored.map(({ weight, units, elements, scores }, at) => ({
      weight, mask: units.spread(kept[at]!, elements), threshold: tf.max(tf.mul(scores, tf.sub(1, kept[at]!))),
    }))
  })
}

/**
 * Sets masks and gives int32 [pruned weights, 3], in the model's order: elements that were pruned, that came back, and that are zero now. `hide` sets the
 * pruned elements of the weights themselves to 0; without it they keep their values behind the mask.
 */
export function setMasks (state: TrainState, masks: readonly NewMask[], { hide }: { readonly hide: boolean }): Tensor {
  const newMasks = new Map(masks.map(({ weight, mask }) => [weight.name, mask]))
  const rows = prunedWeights(state).map((weight) => {
    const [before, after] = [weight.mask, newMasks.get(weight.name) ?? weight.mask]
    const counts = [tf.mul(before, tf.sub(1, after)), tf.mul(after, tf.sub(1, before)), tf.sub(1, after)].map(countOf)
    return { weight, after, counts: tf.stack(counts) }
  })
  const counts = tf.stack(rows.map((row) => row.counts))
  for (const { weight, after } of rows) {
    weight.mask.assign(after)
    if (hide) weight.variable.assign(tf.mul(weight.variable, after))
  }
  return counts
}

/** How many are 1. float32 adds ones exactly up to 2^24; sums of larger tensors are taken of integers. */
function countOf (ones: Tensor): Tensor {
  return ones.size < 2 ** 24 ? tf.cast(tf.sum(ones), 'int32') : tf.sum(tf.cast(ones, 'int32'))
}

/** Between `low` and `high` times the threshold of an arena, units stay what `masks` has them to be; without it, what they are. */
export interface Hysteresis { readonly low: number, readonly high: number, readonly masks?: ReadonlyMap<string, Tensor> }

/** Units go whose score is at most `low` times the threshold of their arena, and come back above `high` times it; between them nothing changes. */
export function masksByThreshold (arenas: readonly Arena[], thresholds: readonly Tensor[], { low, high, masks }: Hysteresis, score: Score): NewMask[] {
  return arenas.flatMap(({ members }, index) => members.map(({ weight, units }) => {
    const elements = score(weight)
    const scores = units.scores(elements)
    const stays = tf.greater(units.scores(masks?.get(weight.name) ?? weight.mask), 0)
    const gone = tf.lessEqual(scores, tf.mul(thresholds[index]!, low))
    const back = tf.greater(scores, tf.mul(thresholds[index]!, high))
    const kept = tf.logicalAnd(tf.logicalOr(stays, back), tf.logicalNot(gone))
    return { weight, threshold: thresholds[index]!, mask: units.spread(tf.cast(kept, 'float32'), elements) }
  }))
}
