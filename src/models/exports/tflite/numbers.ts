/** Numbers of TFLite's types: halves, and whole numbers with a scale. */
import type { Quantization, TfliteTensor } from './model.ts'
import { encodeNumbers } from '../../formats/encode.ts'
import { datatypeOf } from '../../formats/hdf5/index.ts'
import { sizeOf } from '../../tensor.ts'

export function floatsOf ({ data }: TfliteTensor): Float32Array {
  // Read from a file they may lie at any place.
  const aligned = data!.byteOffset % 4 === 0 ? data! : data!.slice()
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
}

/** float16, rounded to the nearest even. */
export function halvesOf (values: Float32Array): Uint8Array {
  return encodeNumbers(values, datatypeOf('float16'))
}

/** The largest finite float16. */
export const LARGEST_HALF = 65504

export interface Quantized { readonly data: Uint8Array, readonly quantization: Quantization }

/** int8 without zero point, from -127 to 127, with a scale for each place of `axis`; null: one for all. Source: TFLite's 8-bit quantization specification. */
export function quantizeWeights (values: Float32Array, shape: readonly number[], axis: number | null): Quantized {
  const inner = axis === null ? 1 : sizeOf(shape.slice(axis + 1))
  const channels = axis === null ? 1 : shape[axis]!
  const channelOf = (at: number) => axis === null ? 0 : Math.floor(at / inner) % channels
  const largest = new Float64Array(channels)
  values.forEach((value, at) => { largest[channelOf(at)] = Math.max(largest[channelOf(at)]!, Math.abs(value)) })
  // A channel of zeros may have any scale; float32, as the file keeps them.
  const scales = Array.from(largest, (one) => one === 0 ? 1 : Math.fround(Math.max(one / 127, 1e-30)))
  const data = Int8Array.from(values, (value, at) => clamp(roundHalfAway(value / scales[channelOf(at)]!), 127))
  return { data: new Uint8Array(data.buffer), quantization: { scales, zeroPoints: scales.map(() => 0), axis: axis ?? 0 } }
}

/** int32 in steps of input scale times weight scale. */
export function quantizeBias (values: Float32Array, scales: readonly number[]): Quantized {
  const data = Int32Array.from(values, (value, at) => clamp(roundHalfAway(value / scales[at % scales.length]!), 2 ** 31 - 1))
  return { data: new Uint8Array(data.buffer), quantization: { scales, zeroPoints: scales.map(() => 0), axis: 0 } }
}

export interface Range { readonly min: number, readonly max: number }

/** int8 with a zero point, so that 0 is met exactly. */
export function quantizationOf ({ min, max }: Range): Quantization {
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)]
  const scale = Math.fround(Math.max((high - low) / 255, 1e-30))
  return { scales: [scale], zeroPoints: [clamp(Math.round(-128 - low / scale), 127, -128)], axis: 0 }
}

function roundHalfAway (value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5)
}

function clamp (value: number, most: number, least = -most): number {
  return Math.min(Math.max(value, least), most)
}
