/** Pooling over windows of two and three axes, channels last, and the largest value over axes; gradients by TensorFlow's kernels. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { FLOAT, rawOp, type RawAttribute } from './raw.ts'
import type { Sliding } from './convolution.ts'

export interface Pooling extends Sliding { readonly size: readonly number[] }

/** x [batch, ...positions, channels] with two or three axes of positions. */
export function maxPool (x: Tensor, c: Pooling): Tensor {
  return x.rank === 4 ? max({ x }, c)[0]! : maxOfImages(x, c)
}

/**
 * Three axes as two poolings of images, over the last two and then over the first; of equal values the first still wins. TensorFlow's own kernel gives
 * wrong gradients in a graph with oneDNN (2.21).
 */
function maxOfImages (x: Tensor, { size, strides, padding }: Pooling): Tensor {
  const [batch, depth, height, width, channels] = x.shape as [number, number, number, number, number]
  const flat = max({ x: tf.reshape(x, [batch * depth, height, width, channels]) }, { size: size.slice(1), strides: strides.slice(1), padding })[0]!
  const [, rows, columns] = flat.shape as [number, number, number, number]
  const deep = max({ x: tf.reshape(flat, [batch, depth, rows * columns, channels]) }, { size: [size[0]!, 1], strides: [strides[0]!, 1], padding })[0]!
  return tf.reshape(deep, [batch, deep.shape[1]!, rows, columns, channels])
}

/** The mean of each window; padding is not counted. */
export function averagePool (x: Tensor, c: Pooling): Tensor {
  return average({ x }, c)[0]!
}

/** The largest value over `axes`; equal ones share the gradient, as in TensorFlow. */
export function maxOver (x: Tensor, axes: readonly number[], keepAxes: boolean): Tensor {
  return largest({ x }, { axes, keepAxes })[0]!
}

const max = ownKernel<Pooling, 'x'>({
  name: 'MaxPool',
  inputs: ['x'],
  forward: ({ x }, c) => rawOp('MaxPool', flat(c), [x]),
  gradients: ({ dy, inputs: { x }, outputs: [y], c }) => ({ x: () => rawOp('MaxPoolGrad', flat(c), [x, y!, dy])[0]! }),
})

const average = ownKernel<Pooling, 'x'>({
  name: 'AvgPool',
  inputs: ['x'],
  forward: ({ x }, c) => rawOp(x.rank === 4 ? 'AvgPool' : 'AvgPool3D', attributes(x.rank, c), [x]),
  gradients: ({ dy, inputs: { x }, c }) => ({
    x: () => rawOp(x.rank === 4 ? 'AvgPoolGrad' : 'AvgPool3DGrad', attributes(x.rank, c), [tf.tensor1d(x.shape, 'int32'), dy])[0]!,
  }),
})

const largest = ownKernel<{ readonly axes: readonly number[], readonly keepAxes: boolean }, 'x'>({
  name: 'Max',
  inputs: ['x'],
  forward: ({ x }, { axes, keepAxes }) => [tf.max(x, [...axes], keepAxes)],
  gradients: ({ dy, inputs: { x }, outputs: [y], c: { axes } }) => ({
    x: () => {
      const kept = x.shape.map((size, axis) => axes.includes(axis) ? 1 : size)
      const where = tf.cast(tf.equal(x, tf.reshape(y!, kept)), 'float32')
      return tf.mul(where, tf.div(tf.reshape(dy, kept), tf.sum(where, [...axes], true)))
    },
  }),
})

function attributes (rank: number, c: Pooling): Record<string, RawAttribute> {
  return rank === 4 ? average2d(c) : deep(c)
}

function average2d ({ size, strides, padding }: Pooling): Record<string, RawAttribute> {
  return {
    T: FLOAT, ksize: { ints: [1, ...size, 1] }, strides: { ints: [1, ...strides, 1] }, padding: { string: padding.toUpperCase() }, data_format: { string: 'NHWC' },
  }
}

function flat (c: Pooling): Record<string, RawAttribute> {
  return { ...average2d(c), explicit_paddings: { ints: [] } }
}

function deep (c: Pooling): Record<string, RawAttribute> {
  return { ...average2d(c), data_format: { string: 'NDHWC' } }
}
