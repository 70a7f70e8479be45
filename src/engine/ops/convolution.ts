/** Convolutions over two and three axes, depthwise ones and their transposes, channels last, with gradients by TensorFlow's kernels. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { matMul2d } from './matmul.ts'
import { FLOAT, INT, rawOp, type RawAttribute } from './raw.ts'
import { stridedSlice } from './strided-slice.ts'

/** One stride per axis of positions. */
export interface Sliding { readonly strides: readonly number[], readonly padding: 'valid' | 'same' }

interface Spreading extends Sliding { readonly shape: readonly number[] }

/** x [batch, ...positions, channels], kernel [...window, channels, filters]; two or three axes of positions. */
export function convolve (x: Tensor, kernel: Tensor, { strides, padding }: Sliding): Tensor {
  return forward({ x, kernel }, { strides, padding })[0]!
}

/** The gradient of `convolve` by its input as an operation: y [batch, ...positions, filters] spread to `shape`; kernel as there. */
export function convolveTransposed (y: Tensor, kernel: Tensor, { strides, padding, shape }: Spreading): Tensor {
  return backward({ y, kernel }, { strides, padding, shape })[0]!
}

/** x [batch, height, width, channels], kernel [...window, channels, multiplier]. The strides must be equal. */
export function convolveDepthwise (x: Tensor, kernel: Tensor, { strides, padding }: Sliding): Tensor {
  return depthwise({ x, kernel }, { strides, padding })[0]!
}

const forward = ownKernel<Sliding, 'x' | 'kernel'>({
  name: 'Convolution',
  inputs: ['x', 'kernel'],
  forward: ({ x, kernel }, c) => [slide(x, kernel, c)],
  gradients: ({ dy, inputs: { x, kernel }, c }) => ({
    x: () => byInput(x.shape, kernel, dy, c),
    kernel: () => byKernel(x, kernel.shape, dy, c),
  }),
})

const backward = ownKernel<Spreading, 'y' | 'kernel'>({
  name: 'ConvolutionTransposed',
  inputs: ['y', 'kernel'],
  forward: ({ y, kernel }, c) => [byInput(c.shape, kernel, y, c)],
  gradients: ({ dy, inputs: { y, kernel }, c }) => ({
    y: () => slide(dy, kernel, c),
    kernel: () => byKernel(dy, kernel.shape, y, c),
  }),
})

const depthwise = ownKernel<Sliding, 'x' | 'kernel'>({
  name: 'ConvolutionDepthwise',
  inputs: ['x', 'kernel'],
  forward: ({ x, kernel }, c) => rawOp('DepthwiseConv2dNative', flat(c), [x, kernel]),
  gradients: ({ dy, inputs: { x, kernel }, c }) => ({
    x: () => rawOp('DepthwiseConv2dNativeBackpropInput', flat(c), [sizes(x.shape), kernel, dy])[0]!,
    kernel: () => rawOp('DepthwiseConv2dNativeBackpropFilter', flat(c), [x, sizes(kernel.shape), dy])[0]!,
  }),
})

function slide (x: Tensor, kernel: Tensor, c: Sliding): Tensor {
  return x.rank === 4 ? rawOp('Conv2D', image(c), [x, kernel])[0]! : rawOp('Conv3D', volume(c), [x, kernel])[0]!
}

function byInput (shape: readonly number[], kernel: Tensor, dy: Tensor, c: Sliding): Tensor {
  if (dy.rank === 4) return rawOp('Conv2DBackpropInput', image(c), [sizes(shape), kernel, dy])[0]!
  return rawOp('Conv3DBackpropInputV2', { ...volume(c), Tshape: INT }, [sizes(shape), kernel, dy])[0]!
}

/** A kernel of one position in one group is a matrix product. oneDNN's own way writes beyond its memory for batches of one example (TensorFlow 2.21, AVX-512). */
function byKernel (x: Tensor, shape: readonly number[], dy: Tensor, c: Sliding): Tensor {
  const channels = x.shape.at(-1)!
  if (shape.slice(0, -2).every((length) => length === 1) && shape.at(-2) === channels) {
    const seen = c.strides.every((stride) => stride === 1) ? x : everyStride(x, c.strides)
    return tf.reshape(matMul2d(tf.reshape(seen, [-1, channels]), tf.reshape(dy, [-1, shape.at(-1)!]), { transposeA: true }), [...shape])
  }
  if (dy.rank === 4) return rawOp('Conv2DBackpropFilter', image(c), [x, sizes(shape), dy])[0]!
  return rawOp('Conv3DBackpropFilterV2', volume(c), [x, sizes(shape), dy])[0]!
}

/** The positions that a window of one position sees: padding is of no account to it. */
function everyStride (x: Tensor, strides: readonly number[]): Tensor {
  return stridedSlice(x, { begins: x.shape.map(() => 0), ends: x.shape, strides: [1, ...strides, 1] })
}

function image (c: Sliding): Record<string, RawAttribute> {
  return { ...flat(c), use_cudnn_on_gpu: { bool: true } }
}

function flat ({ strides, padding }: Sliding): Record<string, RawAttribute> {
  return {
    T: FLOAT,
    strides: { ints: [1, ...strides, 1] },
    padding: { string: padding.toUpperCase() },
    explicit_paddings: { ints: [] },
    data_format: { string: 'NHWC' },
    dilations: { ints: [1, 1, 1, 1] },
  }
}

function volume ({ strides, padding }: Sliding): Record<string, RawAttribute> {
  return {
    T: FLOAT,
    strides: { ints: [1, ...strides, 1] },
    padding: { string: padding.toUpperCase() },
    data_format: { string: 'NDHWC' },
    dilations: { ints: [1, 1, 1, 1, 1] },
  }
}

function sizes (shape: readonly number[]): Tensor {
  return tf.tensor1d([...shape], 'int32')
}
