/** Weights of a TF.js manifest as tensors; quantized ones become the numbers they stand for. */
import { NUMBER_TYPES } from '../tensor.ts'
import type { ByteSource } from '../bytes.ts'
import { isPlainFloat32 } from './encode.ts'
import { fileTensor, type FileTensor } from './file-tensor.ts'
import { datatypeOf, decodeNumbers } from './hdf5/index.ts'
import { unread, type ManifestWeight } from './tfjs-manifest.ts'

/** Bytes in a piece of raw values. */
const PIECE = 1 << 20

/** The weight as layers have it: what is quantized is read as float32. Throws `unsupported-format` for text and complex weights. */
export function layersTensor (weight: ManifestWeight, source: ByteSource): FileTensor {
  const { name, dtype, quantization } = weight
  if (dtype === 'string' || dtype === 'complex64') throw unread(name, `of dtype "${dtype}"; float32, int32 and bool are read`)
  return quantization === undefined ? storedTensor(weight, source) : widenedTensor(weight, source)
}

/** The weight in the type it is stored in: float16 stays float16, integers of affine quantization stay integers. */
export function storedTensor (weight: ManifestWeight, source: ByteSource): FileTensor {
  const { name, shape, dtype } = weight
  const stored = weight.stored!
  const raw = (length = PIECE) => piecesOf(weight, source, length)
  return fileTensor({ key: name, shape, type: dtype === 'bool' ? 'bool' : stored, datatype: datatypeOf(stored), compressed: false, raw })
}

/** The numbers that a quantized weight stands for, as float32. */
export function widenedTensor (weight: ManifestWeight, source: ByteSource): FileTensor {
  const datatype = datatypeOf(weight.stored!)
  const { scale, min } = weight.quantization!
  const raw = async function * (length = PIECE): AsyncGenerator<Uint8Array> {
    for await (const piece of piecesOf(weight, source, length / 4 * datatype.size)) {
      const values = decodeNumbers(piece, datatype).map((value) => value * scale + min)
      yield new Uint8Array(values.buffer)
    }
  }
  return fileTensor({ key: weight.name, shape: weight.shape, type: 'float32', datatype: datatypeOf('float32'), compressed: false, raw })
}

/** The bytes as they lie in the shards, in pieces of whole elements. */
async function * piecesOf ({ at, bytes, stored }: ManifestWeight, source: ByteSource, length: number): AsyncGenerator<Uint8Array> {
  const width = NUMBER_TYPES[stored!]
  const step = Math.max(width, length - length % width)
  for (let from = 0; from < bytes; from += step) yield await source.read(at + from, Math.min(step, bytes - from))
}

/** The values as TF.js stores them, little-endian float32 or int32 (bool: one byte). */
export function isStoredPlainly (tensor: FileTensor): boolean {
  const { datatype, type } = tensor
  return isPlainFloat32(datatype) || type === 'bool' || (type === 'int32' && datatype.kind === 'integer' && datatype.littleEndian)
}
