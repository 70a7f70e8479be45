/** Adam, with AMSGrad as an option. */
import * as tf from '@tensorflow/tfjs-core'
import type { OptimizerRule } from '../options.ts'
import type { Optimizer } from './optimizer.ts'
import { powerOfStep, scalar } from './scalars.ts'

/**
 * m += (g - m)(1 - beta1), v += (g^2 - v)(1 - beta2), w -= alpha m / (sqrt(v) + epsilon) with alpha = lr sqrt(1 - beta2^t) / (1 - beta1^t).
 * AMSGrad divides by the largest v so far. Source: Kingma & Ba 2015 in the form before section 2.1; keras.optimizers.Adam.update_step.
 */
export function adam ({ beta1, beta2, epsilon, amsgrad }: Pick<OptimizerRule & { readonly type: 'adam' }, 'beta1' | 'beta2' | 'epsilon' | 'amsgrad'>): Optimizer {
  return {
    slots: ['m', 'v', ...(amsgrad ? ['largest'] : [])].map((name) => ({ name, initial: 0 })),
    update (weight, gradient, { m, v, largest }, { learningRate, step }) {
      const alpha = tf.div(tf.mul(learningRate, tf.sqrt(tf.sub(1, powerOfStep(beta2, step)))), tf.sub(1, powerOfStep(beta1, step)))
      const nextM = tf.add(m!, tf.mul(tf.sub(gradient, m!), 1 - beta1))
      const nextV = tf.add(v!, tf.mul(tf.sub(tf.square(gradient), v!), 1 - beta2))
      const nextLargest = amsgrad ? tf.maximum(largest!, nextV) : nextV
      return {
        weight: tf.sub(weight, tf.div(tf.mul(nextM, alpha), tf.add(tf.sqrt(nextLargest), epsilon))),
        slots: { m: nextM, v: nextV, ...(amsgrad && { largest: nextLargest }) },
      }
    },
    fused: (weight, gradient, { m, v, largest }, { learningRate, step }) => {
      const powers = [powerOfStep(beta1, step), powerOfStep(beta2, step)]
      const settings = [learningRate, scalar(beta1), scalar(beta2), scalar(epsilon), gradient]
      return amsgrad
        ? { op: 'ResourceApplyAdamWithAmsgrad', attributes: { use_locking: false }, inputs: [weight, m!, v!, largest!, ...powers, ...settings], writes: [weight, m!, v!, largest!] }
        : { op: 'ResourceApplyAdam', attributes: { use_locking: false, use_nesterov: false }, inputs: [weight, m!, v!, ...powers, ...settings], writes: [weight, m!, v!] }
    },
  }
}
