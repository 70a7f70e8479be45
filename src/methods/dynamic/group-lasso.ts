/** Group lasso: a penalty on the norms of channels or blocks that makes whole ones zero. */
import * as tf from '@tensorflow/tfjs-core'
import { penaltyControl, strengthOf } from './penalty-control.ts'
import { firstMasks, unitsIn } from './pool.ts'
import type { CreatePruning } from './pruning.ts'

const STRENGTH = 1e-4

/**
 * After each step of the optimizer, for every group g: w_g <- w_g max(0, 1 - learning rate * strength * sqrt(|g|) / ||w_g||), the proximal step of
 * strength * sum sqrt(|g|) ||w_g||. The last projection is by the root mean square of a group. Source: Yuan and Lin, Model selection and estimation in regression with grouped
 * variables, 2006; Wen et al., Learning Structured Sparsity in Deep Neural Networks, NIPS 2016.
 */
export const groupLasso: CreatePruning = (setup) => {
  const units = unitsIn(setup.pool)
  return penaltyControl(setup, {
    masks: firstMasks(setup.pool, setup.recipe),
    strength: STRENGTH,
    score: ({ variable }) => tf.square(variable),
    gone: 0,
    step: {
      after ({ name, variable }, learningRate, state) {
        const { scores, spread } = units.get(name)!
        // sqrt(|g|) / ||w_g|| is one over the root mean square.
        const norms = tf.sqrt(scores(tf.square(variable)))
        const cut = tf.mul(learningRate, strengthOf(state))
        variable.assign(tf.mul(variable, spread(tf.relu(tf.sub(1, tf.divNoNan(cut, norms))), variable)))
      },
    },
  })
}
