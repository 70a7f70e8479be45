/** Masks that the gradient does not see. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** `weight * mask`, whose gradient reaches all of `weight` unchanged. Source: Bengio, Leonard, Courville 2013, the straight-through estimator. */
export function straightThrough (weight: Tensor, mask: Tensor): Tensor {
  return tf.customGrad((value) => ({ value: tf.mul(value as Tensor, mask), gradFunc: (dy: Tensor) => dy }))(weight)
}
