/** Writing of datasets: contiguous, or as chunks that are shuffled and compressed a few at a time. */
import { EspalierError } from '../../../errors.ts'
import { DEFLATE, SHUFFLE, shuffle } from './filters.ts'
import { CHUNKS_AT_ONCE, MAX_CHUNKS, MIN_COMPRESSED_BYTES, WRITTEN_CHUNK_BYTES } from './limits.ts'
import { MESSAGE } from './object-header.ts'
import { assertBytes, assertCopyable, type Hdf5Data, type Hdf5DatasetSpec } from './spec.ts'
import { Block, UNDEFINED, type Output } from './write-bytes.ts'
import { attributeMessages, elementBytes, encodeDataspace, encodeDatatype, message, writeHeader, type WrittenMessage } from './write-header.ts'
import type { HeapWriter } from './write-heap.ts'
import { writeChunkTree, type WrittenChunk } from './write-chunk-tree.ts'

/** The level of deflate that is told in the file: that of CompressionStream, zlib's default. */
const LEVEL = 6

/** Filter masks of a chunk: bit 0 leaves out shuffle, bit 1 deflate. */
const WITHOUT_SHUFFLE = 1
const WITHOUT_FILTERS = 3

/** Share of zero elements from which on a chunk is not shuffled; the two ways break even between none and a half. */
const SPARSE = 1 / 3

/** A chunk of no more distinct elements is not shuffled: whole elements repeat, which takes half of what their bytes apart take. */
const MOST_SHARED = 257

/** How often elements must come, on average, to be taken for shared. */
const SHARED_BY = 16

/** Writes the values and the header of a dataset and gives the header's address. */
export async function writeDataset (output: Output, heap: HeapWriter, spec: Hdf5DatasetSpec, what: string): Promise<number> {
  const { datatype, shape, isNull = false } = spec
  assertCopyable(datatype, what)
  const elementSize = elementBytes(datatype)
  const byteLength = isNull ? 0 : shape.reduce((product, size) => product * size, elementSize)
  if (!Number.isSafeInteger(byteLength)) throw new EspalierError('limit-exceeded', `HDF5: ${what} of shape [${shape.join(', ')}] is too large`)
  const isText = datatype.kind === 'variable-string'
  const data: Hdf5Data = isText ? async () => await heap.references(await (spec.items?.() ?? [])) : spec.data
  const chunked = spec.compress && !isText && shape.length > 0 && byteLength >= MIN_COMPRESSED_BYTES
  const storage = chunked
    ? await writeChunks(output, data, shape, elementSize, what)
    : await writeContiguous(output, data, byteLength, what)
  return await writeHeader(output, [
    message(MESSAGE.dataspace, encodeDataspace(shape, isNull)),
    message(MESSAGE.datatype, encodeDatatype(datatype), true),
    message(MESSAGE.fillValue, Uint8Array.of(2, chunked ? 3 : 2, 2, 1, 0, 0, 0, 0), true),
    ...storage,
    ...await attributeMessages(heap, spec.attributes, what),
  ], what)
}

/** Values of a dataset in pieces, whichever way they are given. */
async function * piecesOf (data: Hdf5Data): AsyncGenerator<Uint8Array> {
  const given = data()
  if (Symbol.asyncIterator in given) yield * given
  else yield await given
}

async function writeContiguous (output: Output, data: Hdf5Data, byteLength: number, what: string): Promise<WrittenMessage[]> {
  const address = byteLength === 0 ? UNDEFINED : output.allocate(byteLength)
  let at = 0
  if (byteLength > 0) {
    for await (const piece of piecesOf(data)) {
      if (at + piece.length > byteLength) assertBytes(at + piece.length, byteLength, what)
      await output.write(address + at, piece)
      at += piece.length
    }
  }
  assertBytes(at, byteLength, what)
  return [message(MESSAGE.layout, new Block(18).u8(3, 1).u64(address).u64(byteLength).bytes)]
}

async function writeChunks (output: Output, data: Hdf5Data, shape: readonly number[], elementSize: number, what: string): Promise<WrittenMessage[]> {
  const { chunkShape, axis } = chunkShapeOf(shape, elementSize)
  const chunkBytes = chunkShape.reduce((product, size) => product * size, elementSize)
  const count = shape.reduce((product, size, i) => product * Math.ceil(size / (chunkShape[i] as number)), 1)
  if (count > MAX_CHUNKS) throw new EspalierError('limit-exceeded', `HDF5: ${what} would need ${count} chunks, at most ${MAX_CHUNKS} are written`)
  const chunks: WrittenChunk[] = []
  let waiting: Array<Promise<{ bytes: Uint8Array, mask: number }>> = []
  const drain = async (): Promise<void> => {
    for (const { bytes, mask } of await Promise.all(waiting)) {
      chunks.push({ address: await output.append(bytes), size: bytes.length, mask, start: startOf(chunks.length, shape, chunkShape) })
    }
    waiting = []
  }
  for await (const chunk of regrouped(piecesOf(data), shape, chunkShape, axis, elementSize, what)) {
    waiting.push(compressed(chunk, chunkBytes, elementSize))
    if (waiting.length >= CHUNKS_AT_ONCE) await drain()
  }
  await drain()
  const address = await writeChunkTree(output, chunks, shape, chunkShape, elementSize)
  const layout = new Block(12 + 4 * shape.length + 3).u8(3, 2, shape.length + 1).u64(address)
  for (const size of [...chunkShape, elementSize]) layout.u32(size)
  const filters = new Block(8 + 2 * 24).u8(1, 2).skip(6)
  for (const [id, name, value] of [[SHUFFLE, 'shuffle', elementSize], [DEFLATE, 'deflate', LEVEL]] as const) {
    // The name has 8 bytes with its NUL; flag 1: a reader that lacks the filter may go on with other chunks.
    filters.u16(id).u16(8).u16(1).u16(1).put(new TextEncoder().encode(name + '\0')).u32(value).skip(4)
  }
  return [message(MESSAGE.filters, filters.bytes, true), message(MESSAGE.layout, layout.bytes)]
}

/**
 * Chunks of about WRITTEN_CHUNK_BYTES that are contiguous in row-major order: whole on the last axes, a range of rows on `axis`, single on the
 * axes before it. The ranges are of nearly the same size, so that little of the last one is padding.
 */
export function chunkShapeOf (shape: readonly number[], elementSize: number): { chunkShape: number[], axis: number } {
  const chunkShape = shape.map(() => 1)
  let bytes = elementSize
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number
    if (bytes * size > WRITTEN_CHUNK_BYTES || axis === 0) {
      const most = Math.max(1, Math.min(size, Math.floor(WRITTEN_CHUNK_BYTES / bytes)))
      chunkShape[axis] = Math.ceil(size / Math.ceil(size / most))
      return { chunkShape, axis }
    }
    chunkShape[axis] = size
    bytes *= size
  }
  return { chunkShape, axis: 0 }
}

/** Cuts a stream of bytes of any pieces into the bytes of each chunk; the last of every run along `axis` may be short. */
async function * regrouped (
  pieces: AsyncIterable<Uint8Array>, shape: readonly number[], chunkShape: readonly number[], axis: number, elementSize: number, what: string
): AsyncGenerator<Uint8Array> {
  const rowBytes = chunkShape.slice(axis + 1).reduce((product, size) => product * size, elementSize)
  const runBytes = rowBytes * (shape[axis] as number)
  const fullBytes = rowBytes * (chunkShape[axis] as number)
  const total = shape.reduce((product, size) => product * size, elementSize)
  let at = 0
  const nextSize = (): number => Math.min(fullBytes, runBytes - at % runBytes)
  let chunk = new Uint8Array(nextSize())
  let filled = 0
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length;) {
      if (at >= total) assertBytes(at + piece.length - from, total, what)
      const count = Math.min(piece.length - from, chunk.length - filled)
      chunk.set(piece.subarray(from, from + count), filled)
      filled += count
      from += count
      if (filled < chunk.length) continue
      yield chunk
      at += chunk.length
      chunk = new Uint8Array(at >= total ? 0 : nextSize())
      filled = 0
    }
  }
  assertBytes(at + filled, total, what)
}

/**
 * A chunk as it is stored: padded to full size, shuffled unless many elements are zero or few are distinct, and deflated unless that makes it larger. Single numbers
 * between zeros compress better with their bytes together: LeNet-5's largest kernel at 90 % zeros takes 208 KB instead of 300 KB.
 */
async function compressed (chunk: Uint8Array, chunkBytes: number, elementSize: number): Promise<{ bytes: Uint8Array, mask: number }> {
  const whole = chunk.length === chunkBytes ? chunk : new Block(chunkBytes).put(chunk).bytes
  const apart = zeroElements(chunk, elementSize) * elementSize < chunk.length * SPARSE && !isShared(chunk, elementSize)
  const stream = new CompressionStream('deflate')
  const writer = stream.writable.getWriter()
  const writing = writer.write((apart ? shuffle(whole, elementSize) : whole) as Uint8Array<ArrayBuffer>).then(async () => { await writer.close() })
  const [buffer] = await Promise.all([new Response(stream.readable).arrayBuffer(), writing])
  if (buffer.byteLength >= whole.length) return { bytes: whole, mask: WITHOUT_FILTERS }
  return { bytes: new Uint8Array(buffer), mask: apart ? 0 : WITHOUT_SHUFFLE }
}

/** Are there few distinct elements, of 2 or 4 bytes? Of others that are found out within the first few hundred. */
function isShared ({ buffer, byteOffset, length }: Uint8Array, elementSize: number): boolean {
  if (elementSize !== 4 && elementSize !== 2) return false
  const elements = elementSize === 4 ? new Uint32Array(buffer, byteOffset, length / 4) : new Uint16Array(buffer, byteOffset, length / 2)
  const most = Math.min(MOST_SHARED, elements.length / SHARED_BY)
  const distinct = new Set<number>()
  for (const element of elements) if (distinct.add(element).size > most) return false
  return true
}

function zeroElements (bytes: Uint8Array, elementSize: number): number {
  let count = 0
  for (let at = 0; at < bytes.length; at += elementSize) {
    let i = 0
    while (i < elementSize && bytes[at + i] === 0) i++
    if (i === elementSize) count++
  }
  return count
}

function startOf (number: number, shape: readonly number[], chunkShape: readonly number[]): number[] {
  const start = shape.map(() => 0)
  for (let axis = shape.length - 1, rest = number; axis >= 0; axis--) {
    const count = Math.ceil((shape[axis] as number) / (chunkShape[axis] as number))
    start[axis] = (rest % count) * (chunkShape[axis] as number)
    rest = Math.floor(rest / count)
  }
  return start
}
