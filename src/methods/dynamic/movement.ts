/** Movement pruning: weights that training moves towards zero go, whatever their size. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { masksByScore, prunedWeights, setMasks, type MaskedWeight } from '../../engine/prune/masks.ts'
import type { StepKind } from '../../engine/prune/pruner.ts'
import { straightThrough } from '../../engine/prune/straight-through.ts'
import type { TrainState } from '../../engine/train/state.ts'
import { penaltyControl, strengthOf } from './penalty-control.ts'
import { firstMasks, zerosAt } from './pool.ts'
import { pruneTo, pruningFunction, type CreatePruning, type PruningSetup } from './pruning.ts'

/** Soft: a weight is kept while sigmoid(s) is above it. Source: Sanh et al. 2020, section 5. */
const SOFT_THRESHOLD = 0.1

const STRENGTH = 1

/**
 * The forward pass sees W = w * mask. Scores s move by -rate dL/dW w in every step, as if the mask were s (straight-through); weights get the gradient of W behind the
 * mask. Hard: the mask keeps the highest s, as many as the schedule asks. Soft: it keeps sigmoid(s) > 0.1, with a penalty strength * sigmoid(s), and a
 * last projection by s. Source: Sanh, Wolf, Rush: Movement Pruning, NeurIPS 2020, section 4 and appendix.
 */
export const movement: CreatePruning = (setup) => setup.options.mode === 'soft' ? soft(setup) : hard(setup)

const scoreExtras = ({ shape }: { readonly shape: readonly number[] }) => ({ score: { shape, initial: 0 } })

function hard ({ pool, schedule, recipe, options }: PruningSetup): ReturnType<CreatePruning> {
  return {
    reached: schedule.end,
    pruner: {
      ...firstMasks(pool, recipe),
      extras: scoreExtras,
      kinds: { train: moving(options.rate as number, ({ mask }) => mask) },
      functions: (state) => ({ prune: pruningFunction(state, pool, (arenas, zeros) => setMasks(state, masksByScore(arenas, zeros, raised(state)), { hide: false })) }),
    },
    onStep (step, run) {
      if (schedule.isUpdate(step)) pruneTo(run, pool, 'prune', step, zerosAt(pool, schedule, step))
      return undefined
    },
  }
}

function soft (setup: PruningSetup): ReturnType<CreatePruning> {
  const rate = setup.options.rate as number
  const score = ({ extras }: MaskedWeight) => tf.sigmoid(extras.score!)
  const open = (weight: MaskedWeight) => tf.cast(tf.greater(score(weight), SOFT_THRESHOLD), 'float32')
  return penaltyControl(setup, {
    masks: firstMasks(setup.pool, setup.recipe),
    extras: scoreExtras,
    strength: STRENGTH,
    score,
    gone: SOFT_THRESHOLD,
    step: moving(rate, open, (weight, state) => {
      const s = score(weight)
      return tf.mul(tf.mul(s, tf.sub(1, s)), tf.mul(strengthOf(state), 1 / setup.pool.weights))
    }),
  })
}

/** `kept`: the mask of the forward pass; `pull`: gradient of a penalty on the scores. */
function moving (rate: number, kept: (weight: MaskedWeight) => Tensor, pull?: (weight: MaskedWeight, state: TrainState) => Tensor): StepKind {
  return {
    effective: (weight) => straightThrough(weight.variable, kept(weight as MaskedWeight)),
    gradient (weight, gradient, state) {
      const { variable, extras } = weight
      const mask = kept(weight as MaskedWeight)
      const own = tf.mul(gradient, variable)
      extras.score!.assign(tf.sub(extras.score!, tf.mul(pull === undefined ? own : tf.add(own, pull(weight as MaskedWeight, state)), rate)))
      return tf.mul(gradient, mask)
    },
    after () {},
  }
}

/** Scores above 0 in the same order: all are raised by the least. */
function raised (state: TrainState): (weight: MaskedWeight) => Tensor {
  const least = tf.min(tf.stack(prunedWeights(state).map(({ extras }) => tf.min(extras.score!))))
  return ({ extras }) => tf.sub(extras.score!, least)
}
