/** Weights brought back to where a constraint has them, after each update. Source: keras.constraints. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Constraint } from '../../models/layers/weight-rules.ts'

/** Keras' backend.epsilon(), added to the norms that are divided by. */
const EPSILON = 1e-7

/** The weight as the constraint has it, in its shape. */
export function constrain (rule: Constraint, weight: Tensor): Tensor {
  switch (rule.type) {
    case 'non-negative': return tf.maximum(weight, 0)
    case 'unit-norm': return tf.div(weight, tf.add(EPSILON, norms(weight, rule.axes)))
    case 'max-norm': return withNorms(weight, rule.axes, (norm) => tf.clipByValue(norm, 0, rule.max))
    case 'min-max-norm': return withNorms(weight, rule.axes, (norm) =>
      tf.add(tf.mul(rule.rate, tf.clipByValue(norm, rule.min, rule.max)), tf.mul(1 - rule.rate, norm)))
  }
}

function withNorms (weight: Tensor, axes: readonly number[], desired: (norm: Tensor) => Tensor): Tensor {
  const norm = norms(weight, axes)
  return tf.mul(weight, tf.div(desired(norm), tf.add(EPSILON, norm)))
}

function norms (weight: Tensor, axes: readonly number[]): Tensor {
  return tf.sqrt(tf.sum(tf.square(weight), [...axes], true))
}
