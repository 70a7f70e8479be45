/** A safetensors file as tensors that are read in pieces, and its bytes again with some of them changed. */
import { ahead } from '../../ahead.ts'
import { bytesBetween, type ByteSource } from '../../bytes.ts'
import type { TensorChanges } from '../../model.ts'
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
  const raw = (bytes = PIECE, reuse = false) => bytesBetween(source, begin, end, Math.max(datatype.size, bytes - bytes % datatype.size), reuse)
  const at = async (first: number, count: number) => await source.read(begin + first * datatype.size, count * datatype.size)
  // Elements that are not bytes and are not read as numbers: their bytes stand for them.
  const isOpaque = bits !== 8 * NUMBER_TYPES[type]
  return { ...fileTensor({ key: name, shape: isOpaque ? [end - begin] : shape, type, datatype, compressed: false, raw, owned: source.owned === true, at }), dtype, storedShape: shape, begin, end }
}

/** All bytes of `file` from front to back, with the tensors of `changes` in their own dtype; everything else as it was, the header too. Pieces are good until the next one is asked for. */
export async function * contentOf ({ source, tensors }: SafetensorsFile, changes: TensorChanges): AsyncGenerator<Uint8Array> {
  let done = 0
  for (const tensor of tensors) {
    if (!changes.has(tensor.key)) continue
    yield * copyOf(source, done, tensor.begin)
    const change = changes.get(tensor.key)!
    yield * change instanceof Float32Array ? piecesOf(dataOf(tensor, changes))() : changedRaw(tensor, change, { reuse: true })
    done = tensor.end
  }
  yield * copyOf(source, done, source.size)
}

function copyOf (source: ByteSource, begin: number, end: number): AsyncGenerator<Uint8Array> {
  return ahead(bytesBetween(source, begin, end, PIECE, true))
}
