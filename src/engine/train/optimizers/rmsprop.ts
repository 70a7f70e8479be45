/** RMSprop, with momentum and centering as options. */
import * as tf from '@tensorflow/tfjs-core'
import type { OptimizerRule } from '../options.ts'
import type { Optimizer } from './optimizer.ts'
import { scalar } from './scalars.ts'

/**
 * v = rho v + (1 - rho) g^2, centered: a = rho a + (1 - rho) g and v - a^2 in its place; the step is lr g / sqrt(v + epsilon), gathered by momentum.
 * Source: keras.optimizers.RMSprop.update_step.
 */
export function rmsprop ({ rho, momentum, epsilon, centered }: OptimizerRule & { readonly type: 'rmsprop' }): Optimizer {
  return {
    // The fused kernel keeps the momentum even where it is 0.
    slots: ['v', ...(centered ? ['average'] : []), 'momentum'].map((name) => ({ name, initial: 0 })),
    update (weight, gradient, { v, average, momentum: gathered }, { learningRate }) {
      const nextV = tf.add(tf.mul(v!, rho), tf.mul(tf.square(gradient), 1 - rho))
      const nextAverage = centered ? tf.add(tf.mul(average!, rho), tf.mul(gradient, 1 - rho)) : undefined
      const spread = tf.add(nextAverage === undefined ? nextV : tf.sub(nextV, tf.square(nextAverage)), epsilon)
      const step = tf.add(tf.mul(gathered!, momentum), tf.div(tf.mul(learningRate, gradient), tf.sqrt(spread)))
      return { weight: tf.sub(weight, step), slots: { v: nextV, ...(nextAverage && { average: nextAverage }), momentum: step } }
    },
    fused (weight, gradient, { v, average, momentum: gathered }, { learningRate }) {
      const settings = [learningRate, scalar(rho), scalar(momentum), scalar(epsilon), gradient]
      return centered
        ? { op: 'ResourceApplyCenteredRMSProp', attributes: { use_locking: false }, inputs: [weight, average!, v!, gathered!, ...settings], writes: [weight, average!, v!, gathered!] }
        : { op: 'ResourceApplyRMSProp', attributes: { use_locking: false }, inputs: [weight, v!, gathered!, ...settings], writes: [weight, v!, gathered!] }
    },
  }
}
