/** Dead channels at convolutions: constant where no border is seen. */
import type { ConvolutionConfig, DepthwiseConfig, SeparableConfig, TransposedConfig, WindowConfig } from '../../../../models/layers/convolution.ts'
import { channelAxis, spatialSizes } from '../../../../models/layers/shapes.ts'
import type { SymbolicShape } from '../../../../models/tensor.ts'
import { agreed, knownAlong, zerosOf, type Constants, type ValueConstants } from '../constants.ts'
import { foldOf, type DeadRule, type Foldable, type Passage } from '../rule.ts'
import { addSpread, columnSums } from '../weights.ts'

export const convolution: DeadRule<ConvolutionConfig> = {
  pass (passage) {
    const { c, weight, read } = passage
    const kernel = weight('kernel')!
    const each = kernel.shape[c.rank]!
    const channels = withoutBorders(passage)
    // With one channel a group every filter belongs to one channel; with more, a place of the kernel reads that place of every group.
    if (c.groups > 1 && each === 1) return [filters(passage, Float64Array.from({ length: c.filters }, (_, filter) => sumOf(passage, channels, filter, Math.floor(filter / (c.filters / c.groups)))))]
    const rows = acrossGroups(channels, each)
    read('kernel', c.rank, acrossGroups(channelsIn(passage), each), foldable(passage, [...c.kernelSize.map(() => null), null, 0]))
    return [filters(passage, columnSums(kernel, new Map([[c.rank, rows]]), [c.rank + 1]))]
  },
}

/** The sum of one filter's weights times what its only channel is. */
function sumOf ({ weight }: Passage<ConvolutionConfig>, channels: Constants, filter: number, channel: number): number {
  const { shape, values } = weight('kernel')!
  let [sum, any] = [0, false]
  for (let index = filter; index < values.length; index += shape.at(-1)!) {
    sum += values[index]!
    any ||= values[index] !== 0
  }
  return any ? sum * (channels?.[channel] ?? NaN) : 0
}

export const depthwise: DeadRule<DepthwiseConfig> = {
  pass: (passage) => [filters(passage, throughDepthwise(passage, 'kernel'))],
}

export const separable: DeadRule<SeparableConfig> = {
  pass (passage) {
    const { c, weight, read } = passage
    const between = throughDepthwise(passage, 'depthwise_kernel')
    read('pointwise_kernel', c.rank, between, foldable({ ...passage, c: { ...c, padding: 'valid' } }, [...c.kernelSize.map(() => null), null, 0]))
    return [filters(passage, columnSums(weight('pointwise_kernel')!, new Map([[c.rank, between]]), [c.rank + 1]))]
  },
}

/** Positions at the borders are reached by fewer weights, and with strides positions differ. */
export const transposed: DeadRule<TransposedConfig> = {
  pass (passage) {
    const { c, weight, read } = passage
    const channels = zerosOf(channelsIn(passage))
    read('kernel', c.rank + 1, channelsIn(passage), 'it spreads them over positions that differ')
    return [filters(passage, columnSums(weight('kernel')!, new Map([[c.rank + 1, channels]]), [c.rank]))]
  },
}

/** Output channel = input channel * multiplier + m. */
function throughDepthwise (passage: Passage<DepthwiseConfig>, role: string): Float64Array {
  const { c, weight } = passage
  const channels = withoutBorders(passage)
  return columnSums(weight(role)!, new Map([[c.rank, channels]]), [c.rank, c.rank + 1])
}

/** Sums, biases added and activated. */
function filters ({ c, outputLabels: [labels], weight, activated }: Passage<WindowConfig>, sums: Float64Array): ValueConstants {
  const bias = weight('bias')
  return knownAlong(labels!, channelAxis(c.format, labels!.length), activated(c.activation, bias === undefined ? sums : addSpread(sums, [sums.length], bias, [0])))
}

function channelsIn ({ c, inputs: [given] }: Passage<WindowConfig>): Constants {
  return given![channelAxis(c.format, given!.length)]!
}

/** Where the layer pads, only zeros look the same at the borders. */
function withoutBorders (passage: Passage<WindowConfig>): Constants {
  const { c, inputShapes: [shape] } = passage
  return isPadded(c, spatialSizes(shape!, c.format)) ? zerosOf(channelsIn(passage)) : channelsIn(passage)
}

/** Place i of every group. */
function acrossGroups (channels: Constants, each: number): Constants {
  return channels && Float64Array.from({ length: each }, (_, place) => {
    let constant = channels[place]!
    for (let index = place + each; index < channels.length; index += each) constant = agreed(constant, channels[index]!)
    return constant
  })
}

function foldable (passage: Passage<WindowConfig>, axes: ReadonlyArray<number | null>): Foldable {
  const { c, inputShapes: [shape], outputLabels: [labels] } = passage
  if (isPadded(c, spatialSizes(shape!, c.format))) return 'it pads its input with zeros, so that positions at the borders differ'
  return foldOf(passage, c.activation, channelAxis(c.format, labels!.length), axes)
}

/** Does a window reach over a border? Source of the sizes: TensorFlow's SAME. */
export function isPadded ({ padding, kernelSize, strides, dilation }: WindowConfig, spatial: SymbolicShape): boolean {
  if (padding === 'valid') return false
  return kernelSize.some((size, axis) => {
    const [window, stride, given] = [(size - 1) * dilation[axis]! + 1, strides[axis]!, spatial[axis] ?? null]
    if (window === 1) return false
    return padding === 'causal' || given === null || (Math.ceil(given / stride) - 1) * stride + window > given
  })
}
