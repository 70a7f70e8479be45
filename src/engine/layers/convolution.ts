/** Forward passes of convolutions, by TensorFlow's kernels where they can and by equal means where not. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core'
import { spreadSizes, type ConvolutionConfig, type DepthwiseConfig, type SeparableConfig, type TransposedConfig, type WindowConfig } from '../../models/layers/convolution.ts'
import { activate } from './activations.ts'
import { biased } from './core.ts'
import { unary, weightOf, type Forward, type Weights } from './forward.ts'
import { asImage, channelsBack, channelsLast, pad, pick } from './layout.ts'

/** The part of a window that the kernels see; `causal` has become padding by then. */
interface Sliding extends Pick<WindowConfig, 'rank' | 'strides' | 'dilation'> { readonly padding: 'valid' | 'same' }

export const convolution: Forward<ConvolutionConfig> = unary((c, x, weights) => {
  const { input, padding } = paddedAhead(c, channelsLast(x, c.format))
  const kernel = weightOf(weights, 'kernel')
  const sliding = { ...c, padding }
  if (c.groups === 1) return finished(c, slide(sliding, input, kernel), weights)
  // TensorFlow's grouped convolution runs on the CPU only with oneDNN: one convolution per group gives the same.
  const [inputs, kernels] = [tf.split(input, c.groups, -1), tf.split(kernel, c.groups, -1)]
  return finished(c, tf.concat(inputs.map((part, group) => slide(sliding, part, kernels[group]!)), -1), weights)
})

export const depthwise: Forward<DepthwiseConfig> = unary((c, x, weights) => {
  const { input, padding } = paddedAhead(c, channelsLast(x, c.format))
  return finished(c, perChannel({ ...c, padding }, input, weightOf(weights, 'kernel')), weights)
})

export const separable: Forward<SeparableConfig> = unary((c, x, weights) => {
  const { input, padding } = paddedAhead(c, channelsLast(x, c.format))
  const between = perChannel({ ...c, padding }, input, weightOf(weights, 'depthwise_kernel'))
  const ones = c.strides.map(() => 1)
  return finished(c, slide({ rank: c.rank, strides: ones, dilation: ones, padding: 'valid' }, between, weightOf(weights, 'pointwise_kernel')), weights)
})

export const transposed: Forward<TransposedConfig> = unary((c, x, weights) => {
  const input = channelsLast(x, c.format)
  const kernel = dilated(weightOf(weights, 'kernel'), c.dilation)
  const sizes = spreadSizes(c, input.shape.slice(1, -1)) as number[]
  return finished(c, spread(c, input, kernel, sizes), weights)
})

/** Bias, then the axes as they came, then the activation: softmax is along the last axis whatever it is. */
function finished (c: WindowConfig, y: Tensor, weights: Weights): Tensor {
  return activate(c.activation, channelsBack(biased(y, c.useBias, weights), c.format))
}

function paddedAhead (c: WindowConfig, input: Tensor): { input: Tensor, padding: 'valid' | 'same' } {
  if (c.padding !== 'causal') return { input, padding: c.padding }
  return { input: pad(input, new Map([[1, [(c.kernelSize[0]! - 1) * c.dilation[0]!, 0]]])), padding: 'valid' }
}

function slide (c: Sliding, x: Tensor, kernel: Tensor): Tensor {
  const [first = 1, second = 1, third = 1] = c.strides
  if (c.rank === 1) {
    return asImage(x, (image) => tf.conv2d(image, tf.expandDims(kernel, 0) as Tensor4D, [1, first], c.padding, 'NHWC', [1, c.dilation[0]!]))
  }
  if (c.rank === 2) return tf.conv2d(x as Tensor4D, kernel as Tensor4D, [first, second], c.padding, 'NHWC', [c.dilation[0]!, c.dilation[1]!])
  // The kernel for three axes knows no dilation on the CPU.
  return tf.conv3d(x as Tensor5D, dilated(kernel, c.dilation) as Tensor5D, [first, second, third], c.padding)
}

/** The kernel for depthwise convolutions takes one stride for both axes and ignores dilation. */
function perChannel (c: Sliding, x: Tensor, given: Tensor): Tensor {
  const kernel = dilated(given, c.dilation)
  const [first = 1, second = first] = c.strides
  if (c.rank === 1) return asImage(x, (image) => tf.depthwiseConv2d(image, tf.expandDims(kernel, 0) as Tensor4D, first, c.padding))
  if (first === second) return tf.depthwiseConv2d(x as Tensor4D, kernel as Tensor4D, first, c.padding)
  const around = new Map(c.strides.map((stride, axis) => [axis + 1, c.padding === 'same' ? edgesOfSame(x.shape[axis + 1]!, kernel.shape[axis]!, stride) : [0, 0] as const]))
  const everywhere: Tensor = tf.depthwiseConv2d(pad(x, around) as Tensor4D, kernel as Tensor4D, 1, 'valid')
  return c.strides.reduce((y, stride, axis) => stride === 1 ? y : pick(y, axis + 1, { stride }), everywhere)
}

function spread (c: TransposedConfig, x: Tensor, kernel: Tensor, sizes: readonly number[]): Tensor {
  const [batch, [first = 1, second = 1, third = 1], filters] = [x.shape[0]!, c.strides, c.filters]
  if (c.rank === 1) {
    return asImage(x, (image) => tf.conv2dTranspose(image, tf.expandDims(kernel, 0) as Tensor4D, [batch, 1, sizes[0]!, filters], [1, first], c.padding))
  }
  if (c.rank === 2) return tf.conv2dTranspose(x as Tensor4D, kernel as Tensor4D, [batch, sizes[0]!, sizes[1]!, filters], [first, second], c.padding)
  return tf.conv3dTranspose(x as Tensor5D, kernel as Tensor5D, [batch, sizes[0]!, sizes[1]!, sizes[2]!, filters], [first, second, third], c.padding)
}

/** The kernel with zeros between its positions, which makes a plain convolution a dilated one. */
function dilated (kernel: Tensor, dilation: readonly number[]): Tensor {
  return dilation.reduce((k, rate, axis) => {
    if (rate === 1 || k.shape[axis] === 1) return k
    const apart = tf.expandDims(k, axis + 1)
    const zeros = tf.zeros(apart.shape.map((size, at) => at === axis + 1 ? rate - 1 : size))
    const shape = k.shape.map((size, at) => at === axis ? size * rate : size)
    const ends = k.shape.map((size, at) => at === axis ? (size - 1) * rate + 1 : size)
    return tf.slice(tf.reshape(tf.concat([apart, zeros], axis + 1), shape), shape.map(() => 0), ends)
  }, kernel)
}

/** Source: TensorFlow's SAME padding. */
function edgesOfSame (size: number, window: number, stride: number): readonly [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}
