/** Convolutions over one, two or three axes: plain, depthwise, separable and transposed. */
import type { SymbolicShape } from '../tensor.ts'
import { parseActivation, type Activation } from './activations.ts'
import { layerType, type LayerType } from './layer-type.ts'
import { LAYOUTS } from './layouts.ts'
import { ConfigReader, type DataFormat } from './reader.ts'
import { channelAxis, exampleSize, imageShape, knownSize, misfit, onlyInput, slide, spatialSizes, type Size } from './shapes.ts'
import { biasIf, kernel } from './weights.ts'

export type Rank = 1 | 2 | 3

/** What all convolutions have. */
export interface WindowConfig {
  readonly rank: Rank
  readonly kernelSize: readonly number[]
  readonly strides: readonly number[]
  readonly dilation: readonly number[]
  /** `causal` (one axis only): padded in front, so that no output sees what comes after it. */
  readonly padding: 'valid' | 'same' | 'causal'
  readonly format: DataFormat
  readonly useBias: boolean
  readonly activation: Activation
}

export interface ConvolutionConfig extends WindowConfig { readonly filters: number, readonly groups: number }
/** Output channel = input channel * multiplier + m. */
export interface DepthwiseConfig extends WindowConfig { readonly multiplier: number }
export interface SeparableConfig extends DepthwiseConfig { readonly filters: number }
export interface TransposedConfig extends WindowConfig {
  readonly filters: number
  readonly padding: 'valid' | 'same'
  readonly outputPadding: readonly number[] | null
}

/** Kernel [...positions, channels / groups, filters]. */
export function convolution (rank: Rank): LayerType<ConvolutionConfig> {
  return layerType({
    classNames: [`Conv${rank}D`, `Convolution${rank}D`],
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      const c = { ...windowOf(rank, reader), filters: reader.integer('filters'), groups: reader.integer('groups', { fallback: 1 }) }
      if (c.filters % c.groups !== 0) throw reader.wrong('groups', `a divisor of the ${c.filters} filters`)
      if (Math.max(...c.strides) > 1 && Math.max(...c.dilation) > 1) throw reader.wrong('dilation_rate', '1 where "strides" is above 1')
      return c
    },
    weights (c, shapes) {
      const channels = channelsOf(c, shapes)
      if (channels % c.groups !== 0) throw misfit(`its ${channels} input channels cannot be parted into ${c.groups} groups`)
      return [kernel('kernel', [...c.kernelSize, channels / c.groups, c.filters], LAYOUTS.Conv.kernel(rank, c.groups)), ...biasIf(c.useBias, c.filters)]
    },
    outputShape: (c, shapes) => slid(c, shapes, c.filters),
    macs: (c, shapes, [output]) => exampleSize(output!) * kernelArea(c) * channelsOf(c, shapes) / c.groups,
  })
}

/** Kernel [...positions, channels, multiplier]: both last axes tell outputs apart. */
export function depthwise (rank: 1 | 2): LayerType<DepthwiseConfig> {
  return layerType({
    classNames: [`DepthwiseConv${rank}D`],
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      return { ...windowOf(rank, reader, ['valid', 'same']), multiplier: reader.integer('depth_multiplier', { fallback: 1 }) }
    },
    weights (c, shapes) {
      const channels = channelsOf(c, shapes)
      // Keras 2 saved it as `depthwise_kernel`; the role is Keras 3's.
      return [kernel('kernel', [...c.kernelSize, channels, c.multiplier], LAYOUTS.DepthwiseConv.kernel(rank)), ...biasIf(c.useBias, channels * c.multiplier)]
    },
    outputShape: (c, shapes) => slid(c, shapes, channelsOf(c, shapes) * c.multiplier),
    macs: (c, _, [output]) => exampleSize(output!) * kernelArea(c),
  })
}

/** A depthwise kernel, then a pointwise one [1, ..., channels * multiplier, filters]. */
export function separable (rank: 1 | 2): LayerType<SeparableConfig> {
  return layerType({
    classNames: [`SeparableConv${rank}D`, `SeparableConvolution${rank}D`],
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      // Keras 3 refuses a causal separable convolution; Keras 2 has it.
      const paddings = rank === 1 && where.keras === 2 ? PADDINGS : ['valid', 'same'] as const
      return { ...windowOf(rank, reader, paddings), multiplier: reader.integer('depth_multiplier', { fallback: 1 }), filters: reader.integer('filters') }
    },
    weights (c, shapes) {
      const channels = channelsOf(c, shapes)
      return [
        kernel('depthwise_kernel', [...c.kernelSize, channels, c.multiplier], LAYOUTS.SeparableConv.depthwise_kernel(rank)),
        kernel('pointwise_kernel', [...c.kernelSize.map(() => 1), channels * c.multiplier, c.filters], LAYOUTS.SeparableConv.pointwise_kernel(rank)),
        ...biasIf(c.useBias, c.filters),
      ]
    },
    outputShape: (c, shapes) => slid(c, shapes, c.filters),
    macs (c, shapes, [output]) {
      const [between, steps] = [channelsOf(c, shapes) * c.multiplier, exampleSize(output!) / c.filters]
      return steps * between * (kernelArea(c) + c.filters)
    },
  })
}

/** Kernel [...positions, filters, channels]. Source of the sizes: keras backend_utils.compute_conv_transpose_output_shape. */
export function transposed (rank: Rank): LayerType<TransposedConfig> {
  return layerType({
    classNames: [`Conv${rank}DTranspose`, `Convolution${rank}DTranspose`],
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      const window = windowOf(rank, reader, ['valid', 'same'])
      const outputPadding = reader.value('output_padding') === undefined ? null : reader.integers('output_padding', rank, { min: 0 })
      if (outputPadding?.some((extra, axis) => extra >= window.strides[axis]!)) throw reader.wrong('output_padding', 'below "strides"')
      return { ...window, padding: window.padding as TransposedConfig['padding'], outputPadding, filters: reader.integer('filters') }
    },
    weights (c, shapes) {
      const [filters, channels] = [c.filters, channelsOf(c, shapes)]
      return [kernel('kernel', [...c.kernelSize, filters, channels], LAYOUTS.ConvTranspose.kernel(rank)), ...biasIf(c.useBias, filters)]
    },
    outputShape (c, shapes) {
      const shape = onlyInput(shapes, rank + 2)
      return imageShape(shape[0]!, spreadSizes(c, spatialSizes(shape, c.format)), c.filters, c.format)
    },
    macs: (c, shapes) => exampleSize(onlyInput(shapes)) * kernelArea(c) * c.filters,
  })
}

/** Sizes of the spatial axes after a transposed convolution. */
export function spreadSizes (c: TransposedConfig, spatial: SymbolicShape): Size[] {
  return spatial.map((size, axis) => {
    if (size === null) return null
    const [stride, extra] = [c.strides[axis]!, c.outputPadding?.[axis]]
    const window = (c.kernelSize[axis]! - 1) * c.dilation[axis]! + 1
    if (c.padding === 'valid') return (size - 1) * stride + window + (extra ?? Math.max(stride - window, 0))
    const spread = extra === undefined ? size * stride : (size - 1) * stride + window % 2 + extra
    if (Math.ceil(spread / stride) !== size) throw misfit(`an "output_padding" of ${extra} with a window of ${window} has no output size`)
    return spread
  })
}

const PADDINGS = ['valid', 'same', 'causal'] as const

function windowOf (rank: Rank, reader: ConfigReader, paddings: ReadonlyArray<typeof PADDINGS[number]> = rank === 1 ? PADDINGS : ['valid', 'same']): WindowConfig {
  const padding = reader.choice('padding', paddings, 'valid')
  const format = reader.format()
  return {
    rank,
    kernelSize: reader.integers('kernel_size', rank),
    strides: reader.integers('strides', rank, { fallback: 1 }),
    dilation: reader.integers('dilation_rate', rank, { fallback: 1 }),
    padding,
    format,
    useBias: reader.flag('use_bias', true),
    activation: parseActivation(reader.config, reader.where),
  }
}

function channelsOf (c: WindowConfig, shapes: readonly SymbolicShape[]): number {
  const shape = onlyInput(shapes, c.rank + 2)
  return knownSize(shape, channelAxis(c.format, shape.length))
}

function slid (c: WindowConfig, shapes: readonly SymbolicShape[], filters: number): SymbolicShape {
  const shape = onlyInput(shapes, c.rank + 2)
  return imageShape(shape[0]!, slide(spatialSizes(shape, c.format), { ...c, sizes: c.kernelSize }), filters, c.format)
}

function kernelArea (c: WindowConfig): number {
  return c.kernelSize.reduce((product, size) => product * size, 1)
}
