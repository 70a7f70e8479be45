/** Forward passes that move values about, and scaling by fixed numbers. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor3D } from '@tensorflow/tfjs-core'
import type * as Settings from '../../models/layers/reshaping.ts'
import { resizeBilinear } from '../ops/resize.ts'
import { unary, type Forward } from './forward.ts'
import { channelsBack, channelsLast, pad, repeat, spatialAxes } from './layout.ts'

/** Channels-first inputs are flattened in the order of channels-last ones. */
export const flatten: Forward<Settings.FlattenConfig> = unary((c, x) => {
  const ordered = x.rank > 2 ? channelsLast(x, c.format) : x
  return tf.reshape(ordered, [x.shape[0]!, x.size / Math.max(x.shape[0]!, 1)])
})

export const reshape: Forward<Settings.ReshapeConfig> = unary((c, x) => tf.reshape(x, [x.shape[0]!, ...c.shape]))

export const permute: Forward<Settings.PermuteConfig> = unary((c, x) => tf.transpose(x, [0, ...c.axes]))

export const repeatVector: Forward<Settings.RepeatConfig> = unary((c, x) => tf.tile(tf.expandDims(x, 1) as Tensor3D, [1, c.times, 1]))

export const zeroPadding: Forward<Settings.EdgesConfig> = unary((c, x) =>
  pad(x, new Map(spatialAxes(c.format, x.rank).map((axis, index) => [axis, c.edges[index]!]))))

export const cropping: Forward<Settings.EdgesConfig> = unary((c, x) => {
  const [begin, size] = [x.shape.map(() => 0), [...x.shape]]
  for (const [index, axis] of spatialAxes(c.format, x.rank).entries()) {
    const [before, after] = c.edges[index]!
    begin[axis] = before
    size[axis] = x.shape[axis]! - before - after
  }
  return tf.slice(x, begin, size)
})

export const upSampling: Forward<Settings.UpSamplingConfig> = unary((c, x) => {
  if (c.bilinear) {
    const image = channelsLast(x, c.format)
    return channelsBack(resizeBilinear(image, [image.shape[1]! * c.factors[0]!, image.shape[2]! * c.factors[1]!]), c.format)
  }
  return spatialAxes(c.format, x.rank).reduce((y, axis, index) => repeat(y, axis, c.factors[index]!), x)
})

export const rescaling: Forward<Settings.RescalingConfig> = unary((c, x) => {
  const [scale, offset] = [c.scale, c.offset].map(({ values, shape }) => tf.tensor([...values], [...shape], 'float32'))
  return tf.add(tf.mul(tf.cast(x, 'float32'), scale!), offset!)
})
