/** Forward passes of normalisation. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type * as Settings from '../../models/layers/normalization.ts'
import { sorted } from '../../models/layers/normalization.ts'
import { frontAxis } from '../../models/layers/shapes.ts'
import type { Constant } from '../../models/layers/reader.ts'
import { batchNormalize } from '../ops/normalization.ts'
import { unary, weightOf, type Forward, type ForwardContext, type Weights } from './forward.ts'
import { range } from './layout.ts'

/** Keras' backend.epsilon(), the least standard deviation Normalization divides by. */
const LEAST_DEVIATION = 1e-7

/** The least norm UnitNormalization and Dot divide by. Source: keras.ops.normalize as these layers call it. */
const LEAST_NORM = 1e-12

/** gamma (x - mean) / sqrt(variance + epsilon) + beta, with the batch's statistics in training and the moving ones at inference. */
export const batchNormalization: Forward<Settings.BatchNormalizationConfig> = (c, [x], weights, context) =>
  [context.training ? batchNormalizationInTraining(c, x!, weights, context) : batchNormalizationAtInference(c, x!, weights)]

/** Source: keras BatchNormalization.call: moving = moving * momentum + batch * (1 - momentum), with the variance over n. */
function batchNormalizationInTraining (c: Settings.BatchNormalizationConfig, x: Tensor, weights: Weights, context: ForwardContext): Tensor {
  const axis = frontAxis(c.axis, x.rank)
  const size = x.shape[axis]!
  const mask = context.masks[0]
  const gamma = c.scale ? weightOf(weights, 'gamma') : tf.ones([size])
  const beta = c.center ? weightOf(weights, 'beta') : tf.zeros([size])
  const update = (mean: Tensor, variance: Tensor) => {
    for (const [role, batch] of [['moving_mean', mean], ['moving_variance', variance]] as const) {
      context.update(role, tf.add(tf.mul(weightOf(weights, role), c.momentum), tf.mul(batch, 1 - c.momentum)))
    }
  }
  if (x.rank === 4 && axis === 3 && mask === undefined) {
    const { y, mean, variance } = batchNormalize(x, gamma, beta, c.epsilon)
    update(mean, variance)
    return y
  }
  const axes = range(0, x.rank).filter((at) => at !== axis)
  const along = (values: Tensor) => spreadOver(values, x.shape, [c.axis])
  const { mean, variance } = mask === undefined ? tf.moments(x, axes) : maskedMoments(x, mask, axes)
  update(mean, variance)
  const factor = tf.mul(along(tf.rsqrt(tf.add(variance, c.epsilon))), along(gamma))
  return tf.add(tf.mul(tf.sub(x, along(mean)), factor), along(beta))
}

/** Only positions that the mask keeps count. Source: keras BatchNormalization._moments. */
function maskedMoments (x: Tensor, mask: Tensor, axes: number[]): { mean: Tensor, variance: Tensor } {
  const weights = tf.mul(tf.reshape(tf.cast(mask, 'float32'), [...mask.shape, ...new Array<number>(x.rank - mask.rank).fill(1)]), tf.onesLike(x))
  const count = tf.add(tf.sum(weights, axes, true), LEAST_DEVIATION)
  const mean = tf.div(tf.sum(tf.mul(x, weights), axes, true), count)
  const variance = tf.div(tf.sum(tf.mul(tf.square(tf.sub(x, mean)), weights), axes, true), count)
  return { mean: tf.squeeze(mean, axes), variance: tf.squeeze(variance, axes) }
}

function batchNormalizationAtInference (c: Settings.BatchNormalizationConfig, x: Tensor, weights: Weights): Tensor {
  const along = (role: string) => spreadOver(weightOf(weights, role), x.shape, [c.axis])
  const factor = scaled(c, tf.rsqrt(tf.add(along('moving_variance'), c.epsilon)), along)
  return tf.add(tf.mul(x, factor), shifted(c, tf.neg(tf.mul(along('moving_mean'), factor)), along))
}

export const layerNormalization: Forward<Settings.LayerNormalizationConfig> = unary((c, x, weights) => {
  const axes = [...c.axes]
  const along = (role: string) => spreadOver(weightOf(weights, role), x.shape, axes)
  const { mean, variance } = tf.moments(x, axes, true)
  const deviation = tf.rsqrt(tf.add(variance, c.epsilon))
  if (c.byVariance) return tf.mul(tf.mul(x, deviation), along('gamma'))
  const factor = scaled(c, deviation, along)
  return tf.add(tf.mul(x, factor), shifted(c, tf.neg(tf.mul(mean, factor)), along))
})

/** Channels in groups, each normalised over its channels and all positions of an example. */
export const groupNormalization: Forward<Settings.GroupNormalizationConfig> = unary((c, x, weights) => {
  const axis = frontAxis(c.axis, x.rank)
  const size = x.shape[axis]!
  const groups = c.groups === -1 ? size : c.groups
  const parted = (shape: readonly number[]) => shape.flatMap((length, at) => at !== axis ? [length] : [groups, size / groups])
  const grouped = tf.reshape(x, parted(x.shape))
  const ones = x.shape.map((length, at) => at === axis ? length : 1)
  const along = (role: string) => tf.reshape(weightOf(weights, role), parted(ones))
  const { mean, variance } = tf.moments(grouped, range(1, grouped.rank).filter((at) => at !== axis), true)
  const factor = scaled(c, tf.rsqrt(tf.add(variance, c.epsilon)), along)
  return tf.reshape(tf.add(tf.mul(grouped, factor), shifted(c, tf.neg(tf.mul(mean, factor)), along)), x.shape)
})

export const rmsNormalization: Forward<Settings.RmsNormalizationConfig> = unary((c, x, weights) => {
  const meanSquare = tf.mean(tf.square(x), [...c.axes], true)
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, c.epsilon))), weightOf(weights, 'scale'))
})

export const unitNormalization: Forward<Settings.UnitNormalizationConfig> = unary((c, x) => unitLength(x, c.axes))

/** (x - mean) / sqrt(variance), or the way back. */
export const normalization: Forward<Settings.NormalizationConfig> = unary((c, x, weights) => {
  const axes = sorted(c.axes, x.rank)
  const mean = fixedOrWeight(x, axes, c.given?.mean, weights, 'mean')
  const deviation = tf.maximum(tf.sqrt(fixedOrWeight(x, axes, c.given?.variance, weights, 'variance')), LEAST_DEVIATION)
  return c.invert ? tf.add(mean, tf.mul(x, deviation)) : tf.div(tf.sub(x, mean), deviation)
})

/** `x` divided by its length along `axes`. */
export function unitLength (x: Tensor, axes: readonly number[], leastNorm = LEAST_NORM): Tensor {
  return tf.mul(x, tf.minimum(tf.rsqrt(tf.sum(tf.square(x), [...axes], true)), 1 / leastNorm))
}

function scaled (c: { readonly scale: boolean }, factor: Tensor, along: (role: string) => Tensor): Tensor {
  return c.scale ? tf.mul(factor, along('gamma')) : factor
}

function shifted (c: { readonly center: boolean }, offset: Tensor, along: (role: string) => Tensor): Tensor {
  return c.center ? tf.add(offset, along('beta')) : offset
}

/** A weight over some axes in the rank of the input, with size 1 on its other axes. */
function spreadOver (weight: Tensor, shape: readonly number[], axes: readonly number[]): Tensor {
  const front = new Set(axes.map((axis) => frontAxis(axis, shape.length)))
  return tf.reshape(weight, shape.map((size, axis) => front.has(axis) ? size : 1))
}

function fixedOrWeight (x: Tensor, axes: readonly number[], given: Constant | undefined, weights: Weights, role: string): Tensor {
  if (given === undefined) return spreadOver(weightOf(weights, role), x.shape, axes)
  // Given sizes stand for the last of the named axes.
  const named = axes.slice(axes.length - given.shape.length)
  const shape = x.shape.map((_, axis) => given.shape[named.indexOf(axis)] ?? 1)
  return tf.tensor([...given.values], given.shape.length === 0 ? [] : shape, 'float32')
}
