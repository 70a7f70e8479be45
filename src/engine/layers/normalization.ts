/** Forward passes of normalisation. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type * as Settings from '../../models/layers/normalization.ts'
import { sorted } from '../../models/layers/normalization.ts'
import { frontAxis } from '../../models/layers/shapes.ts'
import type { Constant } from '../../models/layers/reader.ts'
import { unary, weightOf, type Forward, type Weights } from './forward.ts'
import { range } from './layout.ts'

/** Keras' backend.epsilon(), the least standard deviation Normalization divides by. */
const LEAST_DEVIATION = 1e-7

/** The least norm UnitNormalization and Dot divide by. Source: keras.ops.normalize as these layers call it. */
const LEAST_NORM = 1e-12

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

/** The factor times gamma, if the layer has one. */
export function scaled (c: { readonly scale: boolean }, factor: Tensor, along: (role: string) => Tensor): Tensor {
  return c.scale ? tf.mul(factor, along('gamma')) : factor
}

/** The offset plus beta, if the layer has one. */
export function shifted (c: { readonly center: boolean }, offset: Tensor, along: (role: string) => Tensor): Tensor {
  return c.center ? tf.add(offset, along('beta')) : offset
}

/** A weight over some axes in the rank of the input, with size 1 on its other axes. */
export function spreadOver (weight: Tensor, shape: readonly number[], axes: readonly number[]): Tensor {
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
