/** Gradient descent, plain or with momentum. */
import * as tf from '@tensorflow/tfjs-core'
import type { OptimizerRule } from '../options.ts'
import type { Optimizer } from './optimizer.ts'
import { scalar } from './scalars.ts'

/** w -= lr g; with momentum v = momentum v - lr g and w += v, or w += momentum v - lr g (Nesterov). Source: keras.optimizers.SGD.update_step. */
export function sgd ({ momentum, nesterov }: OptimizerRule & { readonly type: 'sgd' }): Optimizer {
  if (momentum === 0) {
    return {
      slots: [],
      update: (weight, gradient, _, { learningRate }) => ({ weight: tf.sub(weight, tf.mul(learningRate, gradient)), slots: {} }),
      fused: (weight, gradient, _, { learningRate }) => ({
        op: 'ResourceApplyGradientDescent', attributes: { use_locking: false }, inputs: [weight, learningRate, gradient], writes: [weight],
      }),
    }
  }
  return {
    slots: [{ name: 'velocity', initial: 0 }],
    update (weight, gradient, { velocity }, { learningRate }) {
      const step = tf.mul(learningRate, gradient)
      const next = tf.sub(tf.mul(velocity!, momentum), step)
      return { weight: tf.add(weight, nesterov ? tf.sub(tf.mul(next, momentum), step) : next), slots: { velocity: next } }
    },
    fused: (weight, gradient, { velocity }, { learningRate }) => ({
      op: 'ResourceApplyKerasMomentum',
      attributes: { use_locking: false, use_nesterov: nesterov },
      inputs: [weight, velocity!, learningRate, gradient, scalar(momentum)],
      writes: [weight, velocity!],
    }),
  }
}
