/** A safetensors file as tensors that are read in pieces, and its bytes again with some of them changed. */
import { ahead } from '../../ahead.ts'
import { bytesBetween, type ByteSource } from '../../bytes.ts'
import type { TensorChanges } from '../../model.ts'
import type { Ring } from '../../piece-memory.ts'
import { NUMBER_TYPES, type Shape } from '../../tensor.ts'
import { changedRaw, dataOf, fileTensor, piecesOf, type FileTensor } from '../file-tensor.ts'
import { datatypeOf, type Hdf5Datatype } from '../hdf5/index.ts'
import { DTYPES, type Dtype, type DtypeName } from './dtypes.ts'
import { readHeader, type HeaderTensor } from './header.ts'

export interface SafeTensor extends FileTensor {
  readonly dtype: DtypeName
  /** As the header tells it; `shape` counts bytes where elements are no whole bytes or are not read as numbers. */
  readonly storedShape: Shape
  readonly begin: number
  readonly end: number
}

export interface SafetensorsFile {
  readonly source: ByteSource
  /** In the order of their bytes. */
  readonly tensors: readonly SafeTensor[]
  readonly metadata: Readonly<Record<string, string>>
}

/** Bytes in a piece of raw values, and of what is copied. */
const PIECE = 4 * 2 ** 20

/** Opens `source`, which messages call `what`. Throws as `readHeader` does. */
export async function openSafetensors (source: ByteSource, what: string): Promise<SafetensorsFile> {
  const { tensors, metadata } = await readHeader(source, what)
  const datatypes = new Map<string, Hdf5Datatype>()
  return { source, metadata, tensors: tensors.map((tensor) => safeTensor(source, tensor, datatypes)) }
}

/** `datatypes` keeps those that were made: files have many tensors of few types. */
function safeTensor (source: ByteSource, { name, dtype, shape, begin, end }: HeaderTensor, datatypes: Map<string, Hdf5Datatype>): SafeTensor {
  const { bits, type = 'uint8' }: Dtype = DTYPES[dtype]
  const datatype = datatypes.get(type) ?? datatypeOf(type)
  datatypes.set(type, datatype)
  const raw = (bytes = PIECE, ring?: Ring) => bytesBetween(source, begin, end, Math.max(datatype.size, bytes - bytes % datatype.size), ring)
  const at = async (first: number, count: number) => await source.read(begin + first * datatype.size, count * datatype.size)
  // Elements that are not bytes and are not read as numbers: their bytes stand for them.
  const isOpaque = bits !== 8 * NUMBER_TYPES[type]
  return { ...fileTensor({ key: name, shape: isOpaque ? [end - begin] : shape, type, datatype, compressed: false, raw, owned: source.owned === true, at }), dtype, storedShape: shape, begin, end }
}

/** All bytes of `file` from front to back, with the tensors of `changes` in their own dtype; everything else as it was, the header too. With `ring` pieces are good until two more were asked for. */
export async function * contentOf ({ source, tensors }: SafetensorsFile, changes: TensorChanges, ring?: Ring): AsyncGenerator<Uint8Array> {
  const copyOf = (begin: number, end: number): AsyncGenerator<Uint8Array> => ahead(bytesBetween(source, begin, end, PIECE, ring))
  let done = 0
  for (const tensor of tensors) {
    if (!changes.has(tensor.key)) continue
    yield * copyOf(done, tensor.begin)
    const change = changes.get(tensor.key)!
    yield * change instanceof Float32Array ? piecesOf(dataOf(tensor, changes))() : changedRaw(tensor, change, ring && { ring })
    done = tensor.end
  }
  yield * copyOf(done, source.size)
}
