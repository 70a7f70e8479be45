/** Batches as onnxruntime's tensors, and back: numbers here are float32, a model's inputs and outputs are of many types. */
import { EspalierError } from '../../errors.ts'
import { encodeNumbers } from '../../models/formats/encode.ts'
import { datatypeOf, decodeNumbers } from '../../models/formats/hdf5/index.ts'
import type { NumberType } from '../../models/tensor.ts'
import type { BatchArray } from '../predict.ts'
import type { OnnxRuntime } from './library.ts'

export type OnnxTensor = InstanceType<OnnxRuntime['Tensor']>

/** Whole numbers above it are no longer told apart as float32. */
const LARGEST_WHOLE = 2 ** 24

/** Types of whole numbers, each with its array and its range as far as float32 tells it exactly. */
const WHOLE = {
  bool: [Uint8Array, 0, 1],
  uint8: [Uint8Array, 0, 255],
  int8: [Int8Array, -128, 127],
  uint16: [Uint16Array, 0, 65_535],
  int16: [Int16Array, -32_768, 32_767],
  int32: [Int32Array, -LARGEST_WHOLE, LARGEST_WHOLE],
  uint32: [Uint32Array, 0, LARGEST_WHOLE],
} as const

/** Throws `shape-mismatch` for a value that an input of whole numbers cannot take, naming it. */
export function tensorOf ({ Tensor }: OnnxRuntime, name: string, type: NumberType, { values, shape }: BatchArray): OnnxTensor {
  switch (type) {
    case 'float32': return new Tensor('float32', values, shape)
    case 'float64': return new Tensor('float64', Float64Array.from(values), shape)
    case 'float16': {
      const raw = encodeNumbers(values, datatypeOf('float16'))
      return new Tensor('float16', new Uint16Array(raw.buffer, raw.byteOffset, values.length), shape)
    }
    case 'int64': return new Tensor('int64', BigInt64Array.from(whole(values, name, type, -LARGEST_WHOLE, LARGEST_WHOLE), BigInt), shape)
    case 'uint64': return new Tensor('uint64', BigUint64Array.from(whole(values, name, type, 0, LARGEST_WHOLE), BigInt), shape)
    case 'bfloat16': throw new EspalierError('unsupported-layer', `the input ${name} takes bfloat16, which is not fed here`)
    default: {
      const [array, lowest, highest] = WHOLE[type]
      return new Tensor(type, array.from(whole(values, name, type, lowest, highest)), shape)
    }
  }
}

function whole (values: Float32Array, name: string, type: string, lowest: number, highest: number): Float32Array {
  const at = values.findIndex((value) => !(Number.isInteger(value) && value >= lowest && value <= highest))
  if (at < 0) return values
  throw new EspalierError('shape-mismatch', `the input ${name} takes ${type}, the features have ${values[at]}; whole numbers from ${lowest} to ${highest} fit`, { input: name, value: values[at] })
}

/** The values of an output of fractions as float32. */
export function batchOf (tensor: OnnxTensor): BatchArray {
  const { data, dims } = tensor
  if (data instanceof Float32Array) return { values: data, shape: dims }
  if (data instanceof Float64Array) return { values: Float32Array.from(data), shape: dims }
  const { buffer, byteOffset, byteLength } = data as Uint16Array
  return { values: decodeNumbers(new Uint8Array(buffer, byteOffset, byteLength), datatypeOf('float16')), shape: dims }
}
