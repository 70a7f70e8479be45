/** Pooling over windows of two and three axes, channels last, and the largest value over axes; gradients by TensorFlow's kernels. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { FLOAT, rawOp, type RawAttribute } from './raw.ts'
import type { Sliding } from './convolution.ts'

export interface Pooling extends Sliding { readonly size: readonly number[] }

/** x [batch, ...positions, channels] with two or three axes of positions. */
export function maxPool (x: Tensor, c: Pooling): Tensor {
  return max({ x }, c)[0]!
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
  forward: ({ x }, c) => x.rank === 4 ? rawOp('MaxPool', flat(c), [x]) : rawOp('MaxPool3D', deep(c), [x]),
  gradients: ({ dy, inputs: { x }, outputs: [y], c }) => ({
    x: () => (x.rank === 4 ? rawOp('MaxPoolGrad', flat(c), [x, y!, dy]) : rawOp('MaxPool3DGrad', { ...deep(c), TInput: FLOAT }, [x, y!, dy]))[0]!,
  }),
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
