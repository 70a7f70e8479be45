/** Pooling over windows and over everything. */
import type { Rank } from './convolution.ts'
import { layerType, type LayerType } from './layer-type.ts'
import { ConfigReader, type DataFormat } from './reader.ts'
import { channelAxis, imageShape, onlyInput, slide, spatialSizes } from './shapes.ts'

export type PoolingMode = 'max' | 'average'

export interface PoolingConfig {
  readonly rank: Rank
  readonly mode: PoolingMode
  readonly size: readonly number[]
  readonly strides: readonly number[]
  readonly padding: 'valid' | 'same'
  readonly format: DataFormat
}

export interface GlobalPoolingConfig { readonly rank: Rank, readonly mode: PoolingMode, readonly format: DataFormat, readonly keepAxes: boolean }

const TITLES = { max: { short: 'Max', long: 'Max' }, average: { short: 'Avg', long: 'Average' } } as const

export function pooling (mode: PoolingMode, rank: Rank): LayerType<PoolingConfig> {
  const { short, long } = TITLES[mode]
  return layerType({
    classNames: [`${long}Pooling${rank}D`, `${short}Pool${rank}D`],
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      const size = reader.integers('pool_size', rank, { fallback: 2 })
      const strides = reader.value('strides') === undefined ? size : reader.integers('strides', rank)
      return { rank, mode, size, strides, padding: reader.choice('padding', ['valid', 'same'], 'valid'), format: reader.format() }
    },
    outputShape (c, shapes) {
      const shape = onlyInput(shapes, rank + 2)
      const spatial = slide(spatialSizes(shape, c.format), { ...c, sizes: c.size, dilation: c.size.map(() => 1) })
      return imageShape(shape[0]!, spatial, shape[channelAxis(c.format, shape.length)]!, c.format)
    },
  })
}

export function globalPooling (mode: PoolingMode, rank: Rank): LayerType<GlobalPoolingConfig> {
  const { short, long } = TITLES[mode]
  return layerType({
    classNames: [`Global${long}Pooling${rank}D`, `Global${short}Pool${rank}D`],
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      return { rank, mode, format: reader.format(), keepAxes: reader.flag('keepdims', false) }
    },
    outputShape (c, shapes) {
      const shape = onlyInput(shapes, rank + 2)
      const ones = c.keepAxes ? new Array<number>(rank).fill(1) : []
      return imageShape(shape[0]!, ones, shape[channelAxis(c.format, shape.length)]!, c.format)
    },
  })
}
