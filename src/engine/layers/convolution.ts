/** Forward passes of convolutions, by TensorFlow's kernels where they can and by equal means where not. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { spreadSizes, type ConvolutionConfig, type DepthwiseConfig, type SeparableConfig, type TransposedConfig, type WindowConfig } from '../../models/layers/convolution.ts'
import { convolve, convolveDepthwise, convolveTransposed } from '../ops/convolution.ts'
import { activate } from './activations.ts'
import { biased } from './core.ts'
import { unary, weightOf, type Forward, type Weights } from './forward.ts'
import { asImage, channelsBack, channelsLast, pad, pick } from './layout.ts'

/** The part of a window that the kernels see; `causal` has become padding by then. */
interface Windowed extends Pick<WindowConfig, 'strides' | 'dilation'> { readonly padding: 'valid' | 'same' }

interface Sliding extends Windowed, Pick<WindowConfig, 'rank'> {}

const NONE = [0, 0] as const

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
  const run = (input: Tensor, weight: Tensor, { strides, padding }: Windowed) => convolve(input, weight, { strides, padding })
  if (c.rank > 1) return apart(c, x, kernel, run)
  return asImage(x, (image) => apart(oneRow(c), image, tf.expandDims(kernel, 0), run))
}

function perChannel (c: Sliding, x: Tensor, kernel: Tensor): Tensor {
  if (c.rank > 1) return apart(c, x, kernel, depthwiseOf)
  // The kernel takes one stride for both axes, and the only row is the first of any stride.
  return asImage(x, (image) => apart({ ...oneRow(c), strides: [c.strides[0]!, c.strides[0]!] }, image, tf.expandDims(kernel, 0), depthwiseOf))
}

/** The kernel takes one stride for both axes: unequal ones pick from all positions. */
export function depthwiseOf (x: Tensor, kernel: Tensor, { strides, padding }: Omit<Windowed, 'dilation'>): Tensor {
  if (strides.every((stride) => stride === strides[0])) return convolveDepthwise(x, kernel, { strides, padding })
  const around = new Map(strides.map((stride, axis) => [axis + 1, padding === 'same' ? edgesOfSame(x.shape[axis + 1]!, kernel.shape[axis]!, stride) : NONE]))
  const everywhere = convolveDepthwise(pad(x, around), kernel, { strides: strides.map(() => 1), padding: 'valid' })
  return strides.reduce((y, stride, axis) => stride === 1 ? y : pick(y, axis + 1, stride), everywhere)
}

/**
 * A dilated convolution as a plain one of every `dilation`-th position: TensorFlow's kernels for the CPU have no gradients of dilated ones, and none
 * at all with three axes. Keras takes no strides with dilation.
 */
function apart (c: Windowed, x: Tensor, kernel: Tensor, run: (x: Tensor, kernel: Tensor, c: Windowed) => Tensor): Tensor {
  if (c.dilation.every((rate) => rate === 1)) return run(x, kernel, c)
  if (c.strides.some((stride) => stride > 1)) return run(x, dilated(kernel, c.dilation), c)
  const edges = c.dilation.map((rate, axis): [number, number] => {
    const [size, window] = [x.shape[axis + 1]!, (kernel.shape[axis]! - 1) * rate + 1]
    const [before, after] = c.padding === 'same' ? edgesOfSame(size, window, 1) : NONE
    return [before, after]
  })
  // What is added to make the positions a multiple of the dilation is cut off again.
  const extra = edges.map(([before, after], axis) => -(x.shape[axis + 1]! + before + after) % c.dilation[axis]!).map((rest, axis) => rest === 0 ? 0 : rest + c.dilation[axis]!)
  const blocks = tf.spaceToBatchND(x, [...c.dilation], edges.map(([before, after], axis) => [before, after + extra[axis]!]))
  return tf.batchToSpaceND(run(blocks, kernel, { ...c, padding: 'valid' }), [...c.dilation], extra.map((rest) => [0, rest]))
}

function spread (c: TransposedConfig, x: Tensor, kernel: Tensor, sizes: readonly number[]): Tensor {
  const { strides, padding, filters } = c
  if (c.rank > 1) return convolveTransposed(x, kernel, { strides, padding, shape: [x.shape[0]!, ...sizes, filters] })
  return asImage(x, (image) => convolveTransposed(image, tf.expandDims(kernel, 0), { strides: [1, ...strides], padding, shape: [x.shape[0]!, 1, ...sizes, filters] }))
}

function oneRow (c: Sliding): Windowed {
  return { padding: c.padding, strides: [1, ...c.strides], dilation: [1, ...c.dilation] }
}

/** The kernel with zeros between its positions, which makes a plain convolution a dilated one. */
export function dilated (kernel: Tensor, dilation: readonly number[]): Tensor {
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
