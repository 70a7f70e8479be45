/** Losses of real values. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { absolute, softplus } from '../../ops/elementwise.ts'
import { aligned, elementwise, EPSILON, type Loss } from './loss.ts'

/** The least squared length that a vector is divided by. Source: keras.ops.normalize. */
const LEAST_SQUARE = 1e-24

export const meanSquaredError = elementwise((y, p) => tf.squaredDifference(p, y))

export const meanAbsoluteError = elementwise((y, p) => absolute(tf.sub(p, y)))

export const meanAbsolutePercentageError = elementwise((y, p) => tf.mul(100, absolute(tf.div(tf.sub(y, p), tf.maximum(tf.abs(y), EPSILON)))))

export const meanSquaredLogarithmicError = elementwise((y, p) => tf.squaredDifference(tf.log1p(tf.maximum(p, EPSILON)), tf.log1p(tf.maximum(y, EPSILON))))

/** Half the square up to an error of 1, the error less a half beyond it. */
export const huber = elementwise((y, p) => {
  const error = absolute(tf.sub(p, y))
  const inner = tf.minimum(error, 1)
  return tf.add(tf.mul(0.5, tf.square(inner)), tf.sub(error, inner))
})

export const logCosh = elementwise((y, p) => {
  const error = tf.sub(p, y)
  return tf.sub(tf.add(error, softplus(tf.mul(-2, error))), Math.LN2)
})

export const poisson = elementwise((y, p) => tf.sub(p, tf.mul(y, tf.log(tf.add(p, EPSILON)))))

/** -1 where both point the same way. */
export const cosineSimilarity: Loss = { perExample: (targets, outputs) => tf.neg(cosine(aligned(targets, outputs), outputs)) }

/** Of the vectors along the last axis; 0 for one without length. */
export function cosine (a: Tensor, b: Tensor): Tensor {
  return tf.sum(tf.mul(direction(a), direction(b)), -1)
}

function direction (x: Tensor): Tensor {
  return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), -1, true), LEAST_SQUARE)))
}
