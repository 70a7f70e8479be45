/** Dynamic network surgery: a mask hides small weights from the forward pass; all weights keep learning, and hidden ones that grow are spliced back. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { arenasOf, magnitude, masksByScore, masksByThreshold, prunedWeights, setMasks, type NewMask, type Score } from '../../engine/prune/masks.ts'
import type { StepKind } from '../../engine/prune/pruner.ts'
import { straightThrough } from '../../engine/prune/straight-through.ts'
import type { TrainState } from '../../engine/train/state.ts'
import { membersByLayer } from '../../pruning/allocation/scope.ts'
import { uniformAt } from '../../pruning/draws.ts'
import { firstMasks, zerosAt } from './pool.ts'
import { pruneTo, pruningFunction, type CreatePruning } from './pruning.ts'

/** Beyond any weight. */
const FAR = 1e30

/** The forward pass sees w * mask, the gradient reaches every weight as if there were no mask. */
const STEP: StepKind = { effective: ({ variable, mask }) => straightThrough(variable, mask!), after () {} }

/**
 * Each update sets mask = 0 where |w| <= a_k, 1 where |w| > b_k and leaves it between them, with a_k = (1 - margin) t_k and b_k = (1 + margin) t_k. The threshold
 * t_k is max(mean + c standard deviations, 0) of the nonzero |w| of layer k at the beginning; without c, t is solved at each update, over all
 * weights that compete, so that exactly the zeros that the schedule asks are left. Updates take place with probability (1 + gamma t)^-power. Source: Guo, Yao, Chen: Dynamic Network Surgery
 * for Efficient DNNs, NIPS 2016, equations 3 to 5, and the authors' code.
 */
export const surgery: CreatePruning = ({ pool, schedule, recipe, options, seed }) => {
  const { c, margin, gamma, power } = options as { c: number | null, margin: number, gamma: number, power: number }
  const edges = { low: 1 - margin, high: 1 + margin }
  const masks = firstMasks(pool, recipe)
  const sizes = new Map<string, Float32Array>()
  const layers = membersByLayer(pool.tensors).map((indices) => ({ members: indices.map((index) => pool.tensors[index]!.name) }))
  /** `masksOf` is given the masks that hysteresis goes by. */
  const set = (state: TrainState, masksOf: (kept: Kept) => readonly NewMask[]): Tensor => {
    const masks = masksOf(takeBack(state))
    const counts = setMasks(state, masks, { hide: false })
    for (const { weight, threshold } of masks) weight.extras.limit!.assign(tf.mul(threshold, edges.high))
    return counts
  }
  return {
    reached: schedule.end,
    pruner: {
      ...masks,
      mask (weight, values) {
        const mask = masks.mask(weight, values)
        if (mask !== undefined && c !== null) sizes.set(weight.name, values)
        return mask
      },
      extras: () => ({ limit: { shape: [], initial: FAR } }),
      kinds: { train: STEP },
      functions: (state) => ({
        prune: pruningFunction(state, pool, (arenas, zeros) => set(state, (kept) => masksByScore(arenas, zeros, withHysteresis(margin, kept)))),
        ...(c !== null && {
          cut: {
            inputs: [{ shape: [layers.length], dtype: 'float32' as const }],
            run: (thresholds?: Tensor) => [set(state, (masks) => masksByThreshold(arenasOf(state, layers, pool.layouts), tf.unstack(thresholds!), { ...edges, masks }, magnitude))],
          },
        }),
      }),
    },
    onStep (step, run) {
      if (!schedule.isUpdate(step)) return undefined
      const last = step === schedule.end && pool.zeros !== null
      if (last || uniformAt(seed, step) < (1 + gamma * step) ** -power) {
        if (c === null || last) pruneTo(run, pool, 'prune', step, zerosAt(pool, schedule, step))
        else cut(run.update, step, layers.map(({ members }) => thresholdOf(members.map((name) => sizes.get(name)!), c)))
      }
      return undefined
    },
  }
}

function cut (update: (name: string, step: number, inputs: readonly Tensor[], asked: null) => unknown, step: number, thresholds: readonly number[]): void {
  const input = tf.tensor1d([...thresholds], 'float32')
  try {
    update('cut', step, [input], null)
  } finally {
    input.dispose()
  }
}

/** float32 masks, by name of the weight. */
type Kept = ReadonlyMap<string, Tensor>

/**
 * Hidden weights that grew past the threshold of the last update come back with its size, as if masks were updated in every step: the loss does not answer to them, so
 * that they would grow without bounds until the next update, and come back far too large. Gives the masks with them.
 */
function takeBack (state: TrainState): Kept {
  return new Map(prunedWeights(state).map(({ name, variable, mask, extras }) => {
    const limit = tf.add(tf.mul(mask, FAR), extras.limit!)
    const over = tf.cast(tf.greater(tf.abs(variable), limit), 'float32')
    variable.assign(tf.maximum(tf.minimum(variable, limit), tf.neg(limit)))
    return [name, tf.maximum(mask, over)]
  }))
}

/** Its order is that of the two thresholds: one t makes |w| <= (1 - margin) t of what is kept go and |w| > (1 + margin) t of what is hidden come back. */
function withHysteresis (margin: number, masks: Kept): Score {
  return (weight) => {
    const kept = masks.get(weight.name)!
    return tf.mul(magnitude(weight), tf.add(tf.div(kept, 1 - margin), tf.div(tf.sub(1, kept), 1 + margin)))
  }
}

/** max(mean + c standard deviations, 0) of the nonzero magnitudes. */
export function thresholdOf (tensors: readonly Float32Array[], c: number): number {
  let [count, sum, squares] = [0, 0, 0]
  for (const values of tensors) {
    for (const value of values) {
      if (value === 0) continue
      count++
      sum += Math.abs(value)
      squares += value * value
    }
  }
  if (count === 0) return 0
  const mean = sum / count
  return Math.max(0, mean + c * Math.sqrt(Math.max(0, squares / count - mean * mean)))
}
