/** Weights of TF.js in fewer bits: 8 or 16 of them with a scale, or float16. Source: tfjs-core io_utils.ts, decodeWeights. */
import { EspalierError } from '../../errors.ts'
import type { TensorChanges } from '../model.ts'
import { encodeNumbers } from './encode.ts'
import { changeOf, valuesOf, type FileTensor } from './file-tensor.ts'
import { datatypeOf } from './hdf5/index.ts'
import type { Quantization } from './tfjs-manifest.ts'

export type RoundedType = Quantization['dtype']

/** The largest stored number. */
const LARGEST = { uint8: 255, uint16: 65_535 } as const

/** The largest finite float16. */
const LARGEST_HALF = 65_504

/** Of a scale: times a stored number of 16 bits it is exact in float32, so that readers get the same whatever they compute in. */
const SCALE_BITS = 8

/** No smaller step, so that all multiples are normal numbers of float32. */
const LEAST_SCALE = 2 ** -100

export interface Rounded { readonly quantization: Quantization, data (): AsyncGenerator<Uint8Array> }

/**
 * The weight with its change, rounded; null: it stays as it is. Weights of one axis do, as they are few and each counts for a channel, and those with
 * numbers that no float16 holds. A zero comes back as a zero. Throws `limit-exceeded` for changes that are made while weights are streamed.
 */
export async function roundedWeight (tensor: FileTensor, changes: TensorChanges, dtype: RoundedType): Promise<Rounded | null> {
  if (tensor.datatype.kind !== 'float' || tensor.shape.length < 2) return null
  const change = changeOf(tensor, changes)
  if (change !== undefined && !(change instanceof Float32Array)) throw new EspalierError('limit-exceeded', `the weights of the model are too large to be held, which rounding them to ${dtype} needs; give the worker more memory (ESPALIER_CHILD_MEMORY_MB)`)
  let [low, high] = [0, 0]
  for await (const values of valuesOf(tensor, changes)) for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)]
  if (dtype === 'float16') {
    if (Math.max(-low, high) > LARGEST_HALF) return null
    return { quantization: { dtype, scale: 1, min: 0 }, data: pieces((values) => encodeNumbers(values, datatypeOf('float16'))) }
  }
  const { scale, zero } = stepsOf(low, high, LARGEST[dtype])
  const Stored = dtype === 'uint8' ? Uint8Array : Uint16Array
  return {
    quantization: { dtype, scale, min: zero === 0 ? 0 : -zero * scale },
    data: pieces((values) => {
      const stored = new Stored(values.length)
      for (let at = 0; at < values.length; at++) stored[at] = Math.min(Math.max(Math.round(values[at]! / scale) + zero, 0), LARGEST[dtype])
      return new Uint8Array(stored.buffer)
    }),
  }

  function pieces (encode: (values: Float32Array) => Uint8Array): () => AsyncGenerator<Uint8Array> {
    return async function * () { for await (const values of valuesOf(tensor, changes)) yield encode(values) }
  }
}

/** `zero` is the stored number that stands for 0. One step is spare, as both ends round to whole steps. */
export function stepsOf (low: number, high: number, largest: number): { scale: number, zero: number } {
  if (low === high) return { scale: 1, zero: 0 }
  const exact = Math.max((high - low) / (largest - 1), LEAST_SCALE)
  const unit = 2 ** (Math.floor(Math.log2(exact)) - SCALE_BITS + 1)
  const scale = Math.ceil(exact / unit) * unit
  return { scale, zero: Math.round(-low / scale) }
}
