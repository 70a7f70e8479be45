/** L1: a penalty on the size of weights that makes the least useful ones zero. */
import * as tf from '@tensorflow/tfjs-core'
import { magnitude, prunedWeights } from '../../engine/prune/masks.ts'
import { absolute } from '../../engine/ops/elementwise.ts'
import { penaltyControl, softThreshold, strengthOf } from './penalty-control.ts'
import { firstMasks } from './pool.ts'
import type { CreatePruning } from './pruning.ts'

/** What the penalty begins with: it is soon where the schedule wants it. */
const STRENGTH = 1e-4

/** A subgradient lets weights oscillate around zero by about a step; so small ones count as zero. */
const NEARLY_ZERO = 1e-3

/**
 * Proximal: after each step of the optimizer w <- sign(w) max(|w| - learning rate * strength, 0). Subgradient: strength * sum |w| in the loss. The strength follows the
 * schedule, the last projection is by |w|. Source: Tibshirani 1996; Parikh and Boyd, Proximal Algorithms, 2014, section 6.5.2.
 */
export const l1: CreatePruning = (setup) => {
  const masks = firstMasks(setup.pool, setup.recipe)
  const common = { masks, strength: STRENGTH, score: magnitude }
  if (setup.options.variant === 'subgradient') {
    const step = { penalty: (state: Parameters<typeof strengthOf>[0]) => tf.mul(strengthOf(state), tf.addN(prunedWeights(state).map(({ variable }) => tf.sum(absolute(variable))))), after () {} }
    return penaltyControl(setup, { ...common, gone: NEARLY_ZERO, step })
  }
  return penaltyControl(setup, {
    ...common,
    gone: 0,
    step: {
      after ({ variable }, learningRate, state) {
        softThreshold(variable, tf.mul(learningRate, strengthOf(state)))
      },
    },
  })
}
