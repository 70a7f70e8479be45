/** Layers that pass their input on at inference and disturb it in training. */
import { layerType, type LayerType } from './layer-type.ts'
import { ConfigReader, type DataFormat, MAX_RANK } from './reader.ts'
import { onlyInput } from './shapes.ts'

/** `noiseShape`: sizes of 1 share one draw along the axis, null is the input's size; null as a whole: one draw per value. */
export interface DropoutConfig { readonly rate: number, readonly noiseShape: ReadonlyArray<number | null> | null }
export interface SpatialDropoutConfig { readonly rate: number, readonly format: DataFormat }
export interface GaussianNoiseConfig { readonly deviation: number }
export interface GaussianDropoutConfig { readonly rate: number }

export const dropout: LayerType<DropoutConfig> = noise('Dropout', dropoutOf)

export const alphaDropout: LayerType<DropoutConfig> = noise('AlphaDropout', dropoutOf)

export const gaussianNoise: LayerType<GaussianNoiseConfig> = noise('GaussianNoise', (reader) => {
  const deviation = reader.number('stddev', 0)
  if (deviation < 0) throw reader.wrong('stddev', 'a number from 0')
  return { deviation }
})

export const gaussianDropout: LayerType<GaussianDropoutConfig> = noise('GaussianDropout', (reader) => ({ rate: rateOf(reader) }))

/** Drops whole channels. */
export function spatialDropout (rank: 1 | 2 | 3): LayerType<SpatialDropoutConfig> {
  return noise(`SpatialDropout${rank}D`, (reader) => ({ rate: rateOf(reader), format: reader.format() }))
}

function noise<C> (className: string, parse: (reader: ConfigReader) => C): LayerType<C> {
  return layerType({ classNames: [className], parse: (config, where) => parse(new ConfigReader(config, where)), outputShape: (_, shapes) => onlyInput(shapes) })
}

function dropoutOf (reader: ConfigReader): DropoutConfig {
  const shape = reader.value('noise_shape')
  const isSizes = (value: unknown): value is Array<number | null> =>
    Array.isArray(value) && value.length <= MAX_RANK && value.every((size) => size === null || (Number.isSafeInteger(size) && size > 0))
  if (shape !== undefined && !isSizes(shape)) throw reader.wrong('noise_shape', 'a list of sizes and nulls')
  return { rate: rateOf(reader), noiseShape: shape ?? null }
}

function rateOf (reader: ConfigReader): number {
  const rate = reader.number('rate', 0)
  if (rate < 0 || rate > 1) throw reader.wrong('rate', 'a number from 0 to 1')
  return rate
}
