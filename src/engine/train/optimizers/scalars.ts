/** Scalars of optimizers in the graph. */
import * as tf from '@tensorflow/tfjs-core'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'

/** base^step, which corrects the bias of running means. */
export function powerOfStep (base: number, step: Tensor): Tensor {
  return tf.pow(tf.scalar(base), step)
}

export function scalar (value: number): Scalar {
  return tf.scalar(value)
}
