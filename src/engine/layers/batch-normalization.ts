/** Batch normalisation: by the batch's statistics in training, by the moving ones at inference. Source: keras.layers.BatchNormalization. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { BatchNormalizationConfig } from '../../models/layers/normalization.ts'
import { frontAxis } from '../../models/layers/shapes.ts'
import { batchNormalize, type Normalized } from '../ops/normalization.ts'
import { weightOf, type Forward, type ForwardContext, type Weights } from './forward.ts'
import { range } from './layout.ts'
import { scaled, shifted, spreadOver } from './normalization.ts'

/** Keras' backend.epsilon(), added to the number of values that a mask keeps. */
const MASK_EPSILON = 1e-7

/** gamma (x - mean) / sqrt(variance + epsilon) + beta. Frozen layers use the moving statistics in training too. */
export const batchNormalization: Forward<BatchNormalizationConfig> = (c, [x], weights, context) =>
  [context.training && context.trainable ? byBatch(c, x!, weights, context) : byMovingStatistics(c, x!, weights)]

function byMovingStatistics (c: BatchNormalizationConfig, x: Tensor, weights: Weights): Tensor {
  const along = (role: string) => spreadOver(weightOf(weights, role), x.shape, [c.axis])
  const factor = scaled(c, tf.rsqrt(tf.add(along('moving_variance'), c.epsilon)), along)
  return tf.add(tf.mul(x, factor), shifted(c, tf.neg(tf.mul(along('moving_mean'), factor)), along))
}

/** The moving statistics become momentum * moving + (1 - momentum) * batch, with the biased variance. */
function byBatch (c: BatchNormalizationConfig, x: Tensor, weights: Weights, context: ForwardContext): Tensor {
  if (c.renorm) throw new EspalierError('unsupported-layer', 'layers of type BatchNormalization with renorm are not trained here; freeze them')
  const axis = frontAxis(c.axis, x.rank)
  const size = x.shape[axis]!
  const gamma = c.scale ? weightOf(weights, 'gamma') : tf.ones([size])
  const beta = c.center ? weightOf(weights, 'beta') : tf.zeros([size])
  const [mask] = context.masks
  const { y, mean, variance } = mask !== undefined
    ? masked(x, mask, axis, gamma, beta, c.epsilon)
    : axis === x.rank - 1 ? fused(x, gamma, beta, c.epsilon) : transposedTo(x, axis, (last) => fused(last, gamma, beta, c.epsilon))
  for (const [role, batch] of [['moving_mean', mean], ['moving_variance', variance]] as const) {
    context.update(role, tf.add(tf.mul(weightOf(weights, role), c.momentum), tf.mul(batch, 1 - c.momentum)))
  }
  return y
}

/** The kernel wants two axes of positions, however many there are. */
function fused (x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): Normalized {
  const size = x.shape.at(-1)!
  const result = batchNormalize(x.rank === 4 ? x : tf.reshape(x, [x.shape[0]!, x.size / size / x.shape[0]!, 1, size]), gamma, beta, epsilon)
  return x.rank === 4 ? result : { ...result, y: tf.reshape(result.y, x.shape) }
}

function transposedTo (x: Tensor, axis: number, run: (x: Tensor) => Normalized): Normalized {
  const order = [...range(0, x.rank).filter((at) => at !== axis), axis]
  const result = run(tf.transpose(x, order))
  return { ...result, y: tf.transpose(result.y, range(0, x.rank).map((at) => order.indexOf(at))) }
}

/** Statistics of what the mask keeps; all values are normalised by them. Source: BatchNormalization._moments. */
function masked (x: Tensor, mask: Tensor, axis: number, gamma: Tensor, beta: Tensor, epsilon: number): Normalized {
  const axes = range(0, x.rank).filter((at) => at !== axis)
  const kept = tf.broadcastTo(tf.expandDims(tf.cast(mask, 'float32'), -1), x.shape)
  const count = tf.add(tf.sum(kept, axes, true), MASK_EPSILON)
  const mean = tf.div(tf.sum(tf.mul(x, kept), axes, true), count)
  const centred = tf.sub(x, mean)
  const variance = tf.div(tf.sum(tf.mul(tf.square(centred), kept), axes, true), count)
  const along = (values: Tensor) => spreadOver(values, x.shape, [axis])
  const y = tf.add(tf.mul(centred, tf.mul(tf.rsqrt(tf.add(variance, epsilon)), along(gamma))), along(beta))
  return { y, mean: tf.reshape(mean, [-1]), variance: tf.reshape(variance, [-1]) }
}
