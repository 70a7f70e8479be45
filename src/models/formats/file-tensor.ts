/** Tensors of a file with their raw bytes, so that what is not changed can be copied as it is. */
import { EspalierError } from '../../errors.ts'
import { ahead } from '../ahead.ts'
import type { TensorChange, TensorChanges } from '../model.ts'
import type { Ring } from '../piece-memory.ts'
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
  /** The raw elements in pieces of whole elements. With `ring` they may lie in its memory, each good only until three more were asked for. */
  raw (bytes?: number, ring?: Ring): AsyncIterable<Uint8Array>
  /** Do the pieces belong to whoever reads them, who may change them? */
  readonly owned?: boolean
  /** Does it stand in place of the file's own tensor of that key, which has other values and maybe another shape? */
  readonly held?: true
  /** `count` raw elements from number `first` on; absent where only reading from front to back is cheap. */
  at? (first: number, count: number): Promise<Uint8Array>
}

/** A tensor out of its raw elements; `read` and `chunks` decode them. */
export function fileTensor (parts: Pick<FileTensor, 'key' | 'shape' | 'type' | 'datatype' | 'storedAs' | 'compressed' | 'raw' | 'owned' | 'at'>): FileTensor {
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
  const change = changeOf(tensor, changes)
  if (change === undefined) return () => tensor.raw()
  if (change instanceof Float32Array && isPlainFloat32(tensor.datatype)) return async () => encodeNumbers(change, tensor.datatype)
  return () => changedRaw(tensor, change)
}

/** New raw elements of `tensor` for `before`, those from number `first` on, as `change` has them. */
export function encoderOf ({ datatype }: Pick<FileTensor, 'datatype'>, change: TensorChange): (first: number, before: Uint8Array) => Uint8Array {
  if (!(change instanceof Float32Array)) {
    return (first, before) => {
      const after = before.slice()
      change.apply(first, after)
      return after
    }
  }
  return (first, before) => encodeNumbers(change.subarray(first, first + before.length / datatype.size), datatype, before)
}

/** `from`: the tensor holds the elements of a larger one from this number on, and the change is that of the larger one. `ring`: as for `raw`, until two more. */
export interface ChangedOptions { readonly from?: number, readonly ring?: Ring }

/** The raw elements of `tensor` with its change. */
export async function * changedRaw (tensor: FileTensor, change: TensorChange, { from = 0, ring }: ChangedOptions = {}): AsyncGenerator<Uint8Array> {
  if (change instanceof Float32Array && isPlainFloat32(tensor.datatype)) {
    yield encodeNumbers(change.subarray(from, from + sizeOf(tensor.shape)), tensor.datatype)
    return
  }
  const encode = encoderOf(tensor, change)
  let first = from
  for await (const before of ahead(tensor.raw(undefined, ring))) {
    if (tensor.owned === true && !(change instanceof Float32Array)) {
      change.apply(first, before)
      yield before
    } else yield encode(first, before)
    first += before.length / tensor.datatype.size
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
  const change = changeOf(tensor, changes)
  if (change === undefined) yield * tensor.chunks()
  else if (change instanceof Float32Array) yield change
  else {
    const own = withRaw(tensor)
    for await (const piece of changedRaw(own, change)) yield decodeNumbers(piece, own.datatype)
  }
}

/** The new values of `tensor`, if it has any. Throws `shape-mismatch` when they are too many or too few. */
export function changeOf (tensor: StoredTensor, changes: TensorChanges): TensorChange | undefined {
  const change = changes.get(tensor.key)
  const size = sizeOf(tensor.shape)
  if (change !== undefined && change.length !== size) {
    throw new EspalierError('shape-mismatch',
      `${change.length} new values for ${tensor.key}, its shape [${tensor.shape.join(', ')}] needs ${size}`,
      { key: tensor.key, given: change.length, needed: size })
  }
  return change
}

/** Is it a type of fractions? */
export function isFloat (type: NumberType): boolean {
  return type === 'float16' || type === 'bfloat16' || type === 'float32' || type === 'float64'
}
