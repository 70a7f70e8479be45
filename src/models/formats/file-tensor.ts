/** Tensors of a file with their raw bytes, so that what is not changed can be copied as it is. */
import { EspalierError } from '../../errors.ts'
import type { TensorChanges } from '../model.ts'
import { NUMBER_TYPES, sizeOf, type NumberType, type StoredTensor } from '../tensor.ts'
import { encodeNumbers, isPlainFloat32 } from './encode.ts'
import { datatypeOf, decodeNumbers, numberTypeOf, type Hdf5AttributeSpec, type Hdf5Data, type Hdf5Dataset, type Hdf5Datatype } from './hdf5/index.ts'

/** Numbers in a piece of `chunks()` unless asked otherwise. */
const CHUNK_VALUES = 262_144

export interface FileTensor extends StoredTensor {
  /** How the raw elements are to be understood. */
  readonly datatype: Hdf5Datatype
  /** How the file tells the type, where that is not `datatype` itself. */
  readonly storedAs?: { readonly datatype: Hdf5Datatype, readonly attributes: ReadonlyMap<string, Hdf5AttributeSpec> }
  /** Is it stored compressed? Then it stays so. */
  readonly compressed: boolean
  /** The raw elements in pieces of whole elements. */
  raw (bytes?: number): AsyncIterable<Uint8Array>
}

/** A tensor out of its raw elements; `read` and `chunks` decode them. */
export function fileTensor (parts: Pick<FileTensor, 'key' | 'shape' | 'type' | 'datatype' | 'storedAs' | 'compressed' | 'raw'>): FileTensor {
  const { shape, datatype, raw } = parts
  const chunks = async function * (values = CHUNK_VALUES): AsyncGenerator<Float32Array> {
    for await (const piece of raw(values * datatype.size)) yield decodeNumbers(piece, datatype)
  }
  const read = async (): Promise<Float32Array> => {
    const all = new Float32Array(sizeOf(shape))
    let at = 0
    for await (const piece of chunks()) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }
  return { ...parts, read, chunks }
}

/** A dataset as a tensor; `key` is its path. Throws `invalid-model` when its elements are no numbers. */
export function tensorOfDataset (dataset: Hdf5Dataset): FileTensor {
  const key = dataset.path.slice(1)
  const isBfloat16 = isOpaqueBfloat16(dataset)
  const datatype = isBfloat16 ? datatypeOf('bfloat16') : dataset.datatype
  const type = numberTypeOf(datatype)
  if (type === undefined || !Object.hasOwn(NUMBER_TYPES, type) || dataset.isNull) {
    throw new EspalierError('invalid-model',
      `the weight ${key} is stored as ${dataset.isNull ? 'an empty dataset' : dataset.datatype.kind}; numbers are needed`,
      { key })
  }
  return fileTensor({
    key,
    shape: dataset.shape,
    type,
    datatype,
    ...(isBfloat16 && { storedAs: { datatype: dataset.datatype, attributes: dataset.attributes } }),
    compressed: dataset.filters.length > 0,
    raw: (bytes) => dataset.chunks(bytes),
  })
}

/** Keras stores bfloat16, which numpy lacks, as opaque pairs of bytes with an attribute. Source: keras saving_lib.H5Entry. */
function isOpaqueBfloat16 ({ datatype, attributes }: Hdf5Dataset): boolean {
  if (datatype.kind !== 'other' || datatype.name !== 'opaque' || datatype.size !== 2) return false
  const noted = attributes.get('dtype')
  return (noted?.datatype.kind === 'variable-string' || noted?.datatype.kind === 'string') && noted.value === 'bfloat16'
}

/** Any stored tensor with its raw bytes; one that was not read from a file is encoded in its type. */
export function withRaw (tensor: StoredTensor): FileTensor {
  if ('raw' in tensor) return tensor as FileTensor
  const datatype = datatypeOf(tensor.type)
  const raw = async function * (bytes = CHUNK_VALUES * datatype.size): AsyncGenerator<Uint8Array> {
    for await (const values of tensor.chunks(Math.max(1, Math.floor(bytes / datatype.size)))) yield encodeNumbers(values, datatype)
  }
  return { key: tensor.key, shape: tensor.shape, type: tensor.type, read: () => tensor.read(), chunks: (values) => tensor.chunks(values), datatype, compressed: false, raw }
}

/** The raw elements of `tensor` with its change, if it has one, in the tensor's own datatype. */
export function dataOf (tensor: FileTensor, changes: TensorChanges): Hdf5Data {
  const values = changeOf(tensor, changes)
  if (values === undefined) return () => tensor.raw()
  if (isPlainFloat32(tensor.datatype)) return async () => encodeNumbers(values, tensor.datatype)
  return async function * () {
    let at = 0
    for await (const before of tensor.raw()) {
      const count = before.length / tensor.datatype.size
      yield encodeNumbers(values.subarray(at, at + count), tensor.datatype, before)
      at += count
    }
  }
}

/** The same as float32, for files that have no such type. */
export function dataAsFloat32 (tensor: FileTensor, changes: TensorChanges): Hdf5Data {
  const float32 = datatypeOf('float32')
  return async function * () {
    for await (const values of valuesOf(tensor, changes)) yield encodeNumbers(values, float32)
  }
}

/** Data in pieces, however it is given. */
export function piecesOf (data: Hdf5Data): () => AsyncGenerator<Uint8Array> {
  return async function * () {
    const given = data()
    if (Symbol.asyncIterator in given) yield * given
    else yield await given
  }
}

/** The values of `tensor` with its change, in pieces of float32. */
export async function * valuesOf (tensor: StoredTensor, changes: TensorChanges): AsyncGenerator<Float32Array> {
  const values = changeOf(tensor, changes)
  if (values === undefined) yield * tensor.chunks()
  else yield values
}

/** The new values of `tensor`, if it has any. Throws `shape-mismatch` when they are too many or too few. */
export function changeOf (tensor: StoredTensor, changes: TensorChanges): Float32Array | undefined {
  const values = changes.get(tensor.key)
  const size = sizeOf(tensor.shape)
  if (values !== undefined && values.length !== size) {
    throw new EspalierError('shape-mismatch',
      `${values.length} new values for ${tensor.key}, its shape [${tensor.shape.join(', ')}] needs ${size}`,
      { key: tensor.key, given: values.length, needed: size })
  }
  return values
}

/** Is it a type of fractions? */
export function isFloat (type: NumberType): boolean {
  return type === 'float16' || type === 'bfloat16' || type === 'float32' || type === 'float64'
}
