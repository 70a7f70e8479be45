/** Layers that move values about without computing: reshape, permute, pad, crop, repeat; and scaling by fixed numbers. */
import type { SymbolicShape } from '../tensor.ts'
import { layerType, type LayerType } from './layer-type.ts'
import { ConfigReader, type Constant, type DataFormat, type Pair } from './reader.ts'
import { broadcast, imageShape, channelAxis, misfit, onlyInput, shapeText, spatialSizes, type Size } from './shapes.ts'
import type { Rank } from './convolution.ts'

export interface FlattenConfig { readonly format: DataFormat }
/** Without the batch; -1 is what remains. */
export interface ReshapeConfig { readonly shape: readonly number[] }
/** Counted from 1, without the batch. */
export interface PermuteConfig { readonly axes: readonly number[] }
export interface RepeatConfig { readonly times: number }
/** Positions added or cut before and after each spatial axis. */
export interface EdgesConfig { readonly rank: Rank, readonly edges: readonly Pair[], readonly format: DataFormat }
export interface UpSamplingConfig { readonly rank: Rank, readonly factors: readonly number[], readonly format: DataFormat, readonly bilinear: boolean }
export interface RescalingConfig { readonly scale: Constant, readonly offset: Constant }

export const flatten: LayerType<FlattenConfig> = layerType({
  classNames: ['Flatten'],
  parse: (config, where) => ({ format: new ConfigReader(config, where).format() }),
  outputShape (_, shapes) {
    const shape = onlyInput(shapes)
    return [shape[0]!, shape.slice(1).reduce<Size>(times, 1)]
  },
})

export const reshape: LayerType<ReshapeConfig> = layerType({
  classNames: ['Reshape'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const shape = reader.list('target_shape', -1)
    if (shape.includes(0) || shape.filter((size) => size === -1).length > 1) throw reader.wrong('target_shape', 'sizes from 1, and -1 at most once')
    return { shape }
  },
  outputShape (c, shapes) {
    const shape = onlyInput(shapes)
    const [have, want] = [shape.slice(1).reduce<Size>(times, 1), c.shape.reduce((product, size) => size === -1 ? product : product * size, 1)]
    const rest = have === null ? null : have / want
    if (rest !== null && (!Number.isInteger(rest) || (rest !== 1 && !c.shape.includes(-1)))) throw misfit(`its input ${shapeText(shape)} cannot be read as ${shapeText(c.shape)}`)
    return [shape[0]!, ...c.shape.map((size) => size === -1 ? rest : size)]
  },
})

export const permute: LayerType<PermuteConfig> = layerType({
  classNames: ['Permute'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const axes = reader.list('dims', 1)
    if (axes.some((_, index) => !axes.includes(index + 1))) throw reader.wrong('dims', `the numbers 1 to ${axes.length} in some order`)
    return { axes }
  },
  outputShape (c, shapes) {
    const shape = onlyInput(shapes, c.axes.length + 1)
    return [shape[0]!, ...c.axes.map((axis) => shape[axis]!)]
  },
})

export const repeatVector: LayerType<RepeatConfig> = layerType({
  classNames: ['RepeatVector'],
  parse: (config, where) => ({ times: new ConfigReader(config, where).integer('n') }),
  outputShape (c, shapes) {
    const shape = onlyInput(shapes, 2)
    return [shape[0]!, c.times, shape[1]!]
  },
})

export function zeroPadding (rank: Rank): LayerType<EdgesConfig> {
  return edges(`ZeroPadding${rank}D`, 'padding', rank, 1)
}

export function cropping (rank: Rank): LayerType<EdgesConfig> {
  return edges(`Cropping${rank}D`, 'cropping', rank, -1)
}

function edges (className: string, key: string, rank: Rank, sign: 1 | -1): LayerType<EdgesConfig> {
  return layerType({
    classNames: [className],
    // Without a setting ZeroPadding adds 1; of the croppings only the one over three axes and over one cut 1 by default.
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      return { rank, edges: reader.pairs(key, rank, sign === -1 && rank === 2 ? 0 : 1), format: reader.format() }
    },
    outputShape: (c, shapes) => resized(shapes, c, (size, axis) => {
      const changed = size + sign * (c.edges[axis]![0] + c.edges[axis]![1])
      if (changed <= 0) throw misfit(`nothing is left of the ${size} positions of its input`)
      return changed
    }),
  })
}

export function upSampling (rank: Rank): LayerType<UpSamplingConfig> {
  return layerType({
    classNames: [`UpSampling${rank}D`],
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      const interpolation = rank === 2 ? reader.choice('interpolation', ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'area', 'gaussian', 'mitchellcubic'], 'nearest') : 'nearest'
      if (interpolation !== 'nearest' && interpolation !== 'bilinear') throw reader.unsupported(`with the interpolation "${interpolation}"`)
      return { rank, factors: reader.integers('size', rank, { fallback: 2 }), format: reader.format(), bilinear: interpolation === 'bilinear' }
    },
    outputShape: (c, shapes) => resized(shapes, c, (size, axis) => size * c.factors[axis]!),
  })
}

export const rescaling: LayerType<RescalingConfig> = layerType({
  classNames: ['Rescaling'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const scale = reader.constant('scale')
    if (scale === undefined) throw reader.wrong('scale', 'a number or nested lists of numbers')
    return { scale, offset: reader.constant('offset') ?? { values: [0], shape: [] } }
  },
  outputShape: (c, shapes) => broadcast(broadcast(onlyInput(shapes), c.scale.shape), c.offset.shape),
})

function resized (shapes: readonly SymbolicShape[], c: { readonly rank: Rank, readonly format: DataFormat }, change: (size: number, axis: number) => number): SymbolicShape {
  const shape = onlyInput(shapes, c.rank + 2)
  const spatial = spatialSizes(shape, c.format).map((size, axis) => size === null ? null : change(size, axis))
  return imageShape(shape[0]!, spatial, shape[channelAxis(c.format, shape.length)]!, c.format)
}

function times (a: Size, b: Size): Size {
  return a === null || b === null ? null : a * b
}
