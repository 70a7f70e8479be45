/** Sparse variational dropout: every weight has a variance of its own, and those that are mostly noise go. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { prunedWeights, type MaskedWeight } from '../../engine/prune/masks.ts'
import type { TrainedWeight } from '../../engine/train/state.ts'
import { sigmoid, softplus } from '../../engine/ops/elementwise.ts'
import { penaltyControl, strengthOf } from './penalty-control.ts'
import { firstMasks } from './pool.ts'
import type { CreatePruning } from './pruning.ts'

/** Constants of the approximation of the divergence. Source: Molchanov et al. 2017, equation 14. */
const [K1, K2, K3] = [0.63576, 1.87320, 1.48695]

/** Keeps the logarithm of a weight of 0 finite. */
const TINY = 1e-12

/** Of the mean divergence of a weight, beside a loss of about 1. */
const STRENGTH = 0.1

/**
 * W = w + sigma e, e normal, with log alpha = log sigma^2 - log w^2. The loss gets strength times the mean over weights of
 * -(K1 sigmoid(K2 + K3 log alpha) - log(1 + 1 / alpha) / 2 - K1); weights with log alpha above the threshold go, and are not seen at inference. The last
 * projection is by 1 / alpha. Source: Molchanov, Ashukha, Vetrov: Variational Dropout Sparsifies Deep Neural Networks, ICML 2017, equations 11 and 14.
 */
export const variational: CreatePruning = (setup) => {
  const { initial, threshold } = setup.options as { initial: number, threshold: number }
  const certain = (weight: TrainedWeight): Tensor => tf.cast(tf.less(logAlpha(weight), threshold), 'float32')
  return penaltyControl(setup, {
    masks: firstMasks(setup.pool, setup.recipe),
    extras: ({ shape }) => ({ variance: { shape, initial, trained: { rate: 1 } } }),
    strength: STRENGTH,
    score: (weight: MaskedWeight) => tf.exp(tf.neg(logAlpha(weight))),
    gone: Math.exp(-threshold),
    step: {
      effective (weight, random) {
        const { variable, extras } = weight
        if (random === null) return tf.mul(variable, certain(weight))
        return tf.add(variable, tf.mul(tf.exp(tf.mul(extras.variance!, 0.5)), random.normal(variable.shape)))
      },
      penalty (state) {
        const sums = prunedWeights(state).map((weight) => tf.sum(divergence(logAlpha(weight))))
        return tf.mul(strengthOf(state), tf.div(tf.addN(sums), setup.pool.weights))
      },
      after () {},
    },
  })
}

function logAlpha ({ variable, extras }: TrainedWeight): Tensor {
  return tf.sub(extras.variance!, tf.log(tf.add(tf.square(variable), TINY)))
}

function divergence (logAlpha: Tensor): Tensor {
  const noisy = tf.mul(sigmoid(tf.add(tf.mul(logAlpha, K3), K2)), -K1)
  return tf.add(tf.add(noisy, tf.mul(softplus(tf.neg(logAlpha)), 0.5)), K1)
}
