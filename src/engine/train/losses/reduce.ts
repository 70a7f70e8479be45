/** One number from the losses of a batch. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EPSILON } from './loss.ts'

/**
 * The mean over all examples or positions. Weights multiply the values and not their number, a mask leaves positions out of both. Source:
 * keras.losses.loss.reduce_weighted_values with sum_over_batch_size.
 */
export function reduceLoss (values: Tensor, given: { readonly weights?: Tensor | undefined, readonly mask?: Tensor | undefined } = {}): Tensor {
  if (given.mask === undefined) return tf.mean(given.weights === undefined ? values : tf.mul(values, spread(given.weights, values.rank)))
  const kept = tf.cast(given.mask, 'float32')
  // Keras rescales the mask so that dividing by the full size is dividing by the number of kept positions.
  const weights = given.weights === undefined ? kept : tf.mul(kept, spread(given.weights, kept.rank))
  return tf.div(tf.sum(tf.mul(values, spread(weights, values.rank))), tf.maximum(tf.sum(tf.mul(spread(kept, values.rank), tf.onesLike(values))), EPSILON))
}

/** Weights of the leading axes in `rank`, with size 1 behind. */
export function spread (weights: Tensor, rank: number): Tensor {
  return weights.rank >= rank ? weights : tf.reshape(weights, [...weights.shape, ...new Array<number>(rank - weights.rank).fill(1)])
}
