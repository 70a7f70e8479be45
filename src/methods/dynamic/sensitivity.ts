/** Sensitivity pruning: the weights go whose removal, to first order, changes the loss least, as averaged over training steps. */
import * as tf from '@tensorflow/tfjs-core'
import { magnitude, masksByScore, setMasks, type MaskedWeight } from '../../engine/prune/masks.ts'
import { firstMasks, zerosAt } from './pool.ts'
import { pruneTo, pruningFunction, type CreatePruning } from './pruning.ts'

/** Weights without a score yet rank by magnitude among themselves, below all that have one. */
const TIE = 1e-12

/**
 * s <- decay s + (1 - decay) |w dL/dw|, or |dL/dw|, in every step; at each update the least s go. Source: Molchanov et al., Importance Estimation for Neural Network
 * Pruning, CVPR 2019, equation 8, for single weights; Lee, Ajanthan, Torr: SNIP, ICLR 2019, equation 5, for |w dL/dw|.
 */
export const sensitivity: CreatePruning = ({ pool, schedule, recipe, options }) => {
  const { score, decay } = options as { score: 'weight-gradient' | 'gradient', decay: number }
  const scoreOf = (weight: MaskedWeight) => tf.add(weight.extras.score!, tf.mul(magnitude(weight), TIE))
  return {
    reached: schedule.end,
    pruner: {
      ...firstMasks(pool, recipe),
      extras: ({ shape }) => ({ score: { shape, initial: 0 } }),
      kinds: {
        train: {
          gradient ({ variable, extras }, gradient) {
            const now = tf.abs(score === 'gradient' ? gradient : tf.mul(variable, gradient))
            extras.score!.assign(tf.add(tf.mul(extras.score!, decay), tf.mul(now, 1 - decay)))
            return gradient
          },
        },
      },
      functions: (state) => ({ prune: pruningFunction(state, pool, (arenas, zeros) => setMasks(state, masksByScore(arenas, zeros, scoreOf), { hide: true })) }),
    },
    onStep (step, run) {
      if (schedule.isUpdate(step)) pruneTo(run, pool, 'prune', step, zerosAt(pool, schedule, step))
      return undefined
    },
  }
}
