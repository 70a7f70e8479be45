/** Adagrad. */
import * as tf from '@tensorflow/tfjs-core'
import type { OptimizerRule } from '../options.ts'
import type { Optimizer } from './optimizer.ts'

/**
 * a += g^2, w -= lr g / sqrt(a + epsilon). Source: keras.optimizers.Adagrad.update_step. TensorFlow's own operations put epsilon elsewhere, so there is
 * no fused form.
 */
export function adagrad ({ initialAccumulator, epsilon }: OptimizerRule & { readonly type: 'adagrad' }): Optimizer {
  return {
    slots: [{ name: 'accumulator', initial: initialAccumulator }],
    update (weight, gradient, { accumulator }, { learningRate }) {
      const next = tf.add(accumulator!, tf.square(gradient))
      return { weight: tf.sub(weight, tf.div(tf.mul(learningRate, gradient), tf.sqrt(tf.add(next, epsilon)))), slots: { accumulator: next } }
    },
  }
}
