/** The layout and fill value messages: where the bytes of a dataset lie, and what stands where none do. */
import type { Cursor } from './cursor.ts'
import { malformed, tooMuch, unsupported } from './fail.ts'
import { MAX_CHUNK_BYTES, MAX_CHUNKS, MAX_RANK } from './limits.ts'
import { MESSAGE, messageOf, type Message } from './object-header.ts'

/** How chunks are found. `parameters` is what the layout message says about the index. */
export type ChunkIndex =
  | { readonly kind: 'b-tree-1' }
  | { readonly kind: 'single', readonly storedSize: number | undefined, readonly mask: number }
  | { readonly kind: 'implicit' }
  | { readonly kind: 'fixed-array' }
  | { readonly kind: 'extensible-array' }
  | { readonly kind: 'b-tree-2' }

/** Absolute offsets. No `offset` or `address`: nothing was written, every element has the fill value. */
export type Hdf5Layout =
  | { readonly kind: 'compact', readonly offset: number, readonly size: number }
  | { readonly kind: 'contiguous', readonly offset?: number, readonly size: number }
  | {
    readonly kind: 'chunked'
    readonly address?: number
    readonly chunkShape: readonly number[]
    readonly index: ChunkIndex
    /** Chunks that reach over the edge of the dataset are stored without filters. */
    readonly edgesUnfiltered: boolean
  }

/** Reads a layout message of version 3 or 4; `elementSize` from the datatype is checked against it. */
export function readLayout (cursor: Cursor, shape: readonly number[], elementSize: number, what: string): Hdf5Layout {
  const version = cursor.u8()
  if (version !== 3 && version !== 4) throw unsupported(what, `its layout message has version ${version}, 3 and 4 are read here`)
  const kind = cursor.u8()
  if (kind === 0) {
    const size = cursor.u16()
    const offset = cursor.position
    cursor.skip(size)
    return { kind: 'compact', offset, size }
  }
  if (kind === 1) {
    const offset = cursor.address()
    return { kind: 'contiguous', ...(offset !== undefined && { offset }), size: cursor.length() }
  }
  if (kind === 3) throw unsupported(what, 'it is a virtual dataset, made of other files, which is not read here')
  if (kind !== 2) throw cursor.fail(`layout class ${kind} is not known, 0 to 3 are`)
  return version === 3 ? chunkedVersion3(cursor, shape, elementSize) : chunkedVersion4(cursor, shape, elementSize)
}

function chunkedVersion3 (cursor: Cursor, shape: readonly number[], elementSize: number): Hdf5Layout {
  const rank = cursor.u8()
  const address = cursor.address()
  const chunkShape = readChunkShape(cursor, rank, 4, shape, elementSize)
  return { kind: 'chunked', ...(address !== undefined && { address }), chunkShape, index: { kind: 'b-tree-1' }, edgesUnfiltered: false }
}

function chunkedVersion4 (cursor: Cursor, shape: readonly number[], elementSize: number): Hdf5Layout {
  const flags = cursor.u8()
  const rank = cursor.u8()
  const dimensionBytes = cursor.u8()
  if (dimensionBytes < 1 || dimensionBytes > 8) throw cursor.fail(`chunk sizes of ${dimensionBytes} bytes are not possible`)
  const chunkShape = readChunkShape(cursor, rank, dimensionBytes, shape, elementSize)
  const index = readIndex(cursor, (flags & 2) !== 0)
  const address = cursor.address()
  return { kind: 'chunked', ...(address !== undefined && { address }), chunkShape, index, edgesUnfiltered: (flags & 1) !== 0 }
}

function readIndex (cursor: Cursor, filtered: boolean): ChunkIndex {
  const type = cursor.u8()
  switch (type) {
    case 1: return { kind: 'single', storedSize: filtered ? cursor.length() : undefined, mask: filtered ? cursor.u32() : 0 }
    case 2: return { kind: 'implicit' }
    // The parameters of these three are repeated in the header of the index, and read there.
    case 3: cursor.skip(1); return { kind: 'fixed-array' }
    case 4: cursor.skip(5); return { kind: 'extensible-array' }
    case 5: cursor.skip(6); return { kind: 'b-tree-2' }
    default: throw cursor.fail(`chunk index ${type} is not known, 1 to 5 are`)
  }
}

/** The message counts the bytes of an element as one more axis. */
function readChunkShape (cursor: Cursor, rank: number, bytes: number, shape: readonly number[], elementSize: number): number[] {
  if (rank > MAX_RANK + 1) throw tooMuch(cursor.what, cursor.position, 'the number of chunk axes', rank, MAX_RANK + 1)
  if (rank !== shape.length + 1) throw cursor.fail(`the chunks have ${rank - 1} axes, the dataset has ${shape.length}`)
  const sizes = Array.from({ length: rank }, () => cursor.uint(bytes))
  if (sizes.some((size) => size === 0)) throw cursor.fail('an axis of the chunks has size 0')
  const last = sizes.pop()
  if (last !== elementSize) throw cursor.fail(`the chunks have elements of ${last} bytes, the datatype has ${elementSize}`)
  const chunkBytes = sizes.reduce((product, size) => product * size, elementSize)
  if (chunkBytes > MAX_CHUNK_BYTES) throw tooMuch(cursor.what, cursor.position, 'the size of a chunk in bytes', chunkBytes, MAX_CHUNK_BYTES)
  const chunks = shape.reduce((product, size, axis) => product * Math.ceil(size / (sizes[axis] as number)), 1)
  if (chunks > MAX_CHUNKS) throw tooMuch(cursor.what, cursor.position, 'the number of chunks', chunks, MAX_CHUNKS)
  return sizes
}

/** The bytes of the element that stands where nothing was written; undefined: zeros. */
export function readFillValue (messages: readonly Message[], elementSize: number, what: string): Uint8Array | undefined {
  const modern = messageOf(messages, MESSAGE.fillValue)
  const message = modern ?? messageOf(messages, MESSAGE.oldFillValue)
  if (message === undefined || message.shared) return undefined
  const cursor = message.body
  if (modern !== undefined) {
    const version = cursor.version(1, 2, 3)
    if (version === 3) {
      if ((cursor.u8() & 0x20) === 0) return undefined
    } else {
      cursor.skip(2)
      const defined = cursor.u8()
      if (version === 2 && defined === 0) return undefined
    }
  }
  const size = cursor.u32()
  // A size of 2^32 - 1 is -1: the value is explicitly undefined.
  if (size === 0 || size === 0xffffffff) return undefined
  if (size !== elementSize) throw malformed(what, cursor.position, `the fill value has ${size} bytes, an element has ${elementSize}`)
  return cursor.take(size).slice()
}
