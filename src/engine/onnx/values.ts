/** Batches as onnxruntime's tensors, and back: numbers here are float32, a model's inputs and outputs are of many types. */
import { EspalierError } from '../../errors.ts'
import { encodeNumbers } from '../../models/formats/encode.ts'
import { datatypeOf, decodeNumbers } from '../../models/formats/hdf5/index.ts'
import type { NumberType } from '../../models/tensor.ts'
import type { BatchArray } from '../predict.ts'
import { whole } from '../session/whole.ts'
import type { OnnxRuntime } from './library.ts'

export type OnnxTensor = InstanceType<OnnxRuntime['Tensor']>

/** Arrays of types of whole numbers. */
const WHOLE = { bool: Uint8Array, uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array, int32: Int32Array, uint32: Uint32Array } as const

/** Throws `shape-mismatch` for a value that an input of whole numbers cannot take, naming it. */
export function tensorOf ({ Tensor }: OnnxRuntime, name: string, type: NumberType, { values, shape }: BatchArray): OnnxTensor {
  switch (type) {
    case 'float32': return new Tensor('float32', values, shape)
    case 'float64': return new Tensor('float64', Float64Array.from(values), shape)
    case 'float16': {
      const raw = encodeNumbers(values, datatypeOf('float16'))
      return new Tensor('float16', new Uint16Array(raw.buffer, raw.byteOffset, values.length), shape)
    }
    case 'int64': return new Tensor('int64', BigInt64Array.from(whole(values, name, type), BigInt), shape)
    case 'uint64': return new Tensor('uint64', BigUint64Array.from(whole(values, name, type), BigInt), shape)
    case 'bfloat16': throw new EspalierError('unsupported-layer', `the input ${name} takes bfloat16, which is not fed here`)
    default: return new Tensor(type, WHOLE[type].from(whole(values, name, type)), shape)
  }
}

/** The values of an output of fractions as float32. */
export function batchOf (tensor: OnnxTensor): BatchArray {
  const { data, dims } = tensor
  if (data instanceof Float32Array) return { values: data, shape: dims }
  if (data instanceof Float64Array) return { values: Float32Array.from(data), shape: dims }
  const { buffer, byteOffset, byteLength } = data as Uint16Array
  return { values: decodeNumbers(new Uint8Array(buffer, byteOffset, byteLength), datatypeOf('float16')), shape: dims }
}
