/** Random access to the bytes of a file, wherever they lie: every parser reads through this. */
import { EspalierError } from '../errors.ts'
import type { Ring } from './piece-memory.ts'

/** Bytes that can be read from any offset. `read` gives exactly `length` bytes or throws `invalid-model` (truncated). */
export interface ByteSource {
  readonly size: number
  /** Does what `read` gives belong to whoever reads it? Else it may not be changed. */
  readonly owned?: true
  read (offset: number, length: number): Promise<Uint8Array>
  /** Fills `target` with the bytes from `offset` on; absent where that saves nothing. Throws as `read` does. */
  readInto? (offset: number, target: Uint8Array): Promise<void>
}

/** Reads of pieces on their way at once: a disk gives more of a file that is not in the system's memory. */
const IN_FLIGHT = 2

/**
 * Bytes [begin, end) of a source in order, in pieces of at most `chunk` bytes. With `ring` they lie in its memory, where the source can read into it: each is good only until three more
 * have been asked for, of this or of another reading with the same ring.
 */
export async function * bytesBetween (source: ByteSource, begin: number, end: number, chunk: number, ring?: Ring): AsyncGenerator<Uint8Array> {
  if (ring !== undefined && source.readInto !== undefined) yield * readThrough(ring, source as Required<ByteSource>, begin, end, chunk)
  else for (let at = begin; at < end; at += chunk) yield await source.read(at, Math.min(chunk, end - at))
}

async function * readThrough (ring: Ring, source: Required<Pick<ByteSource, 'readInto'>>, begin: number, end: number, chunk: number): AsyncGenerator<Uint8Array> {
  const reads: Array<Promise<Uint8Array>> = []
  let next = begin
  const read = async (at: number, piece: Uint8Array): Promise<Uint8Array> => {
    await source.readInto(at, piece)
    return piece
  }
  const fill = (): void => {
    while (reads.length < IN_FLIGHT && next < end) {
      const length = Math.min(chunk, end - next)
      const one = read(next, ring.next(length))
      one.catch(() => {}) // told where it is awaited
      reads.push(one)
      next += length
    }
  }
  try {
    for (fill(); reads.length > 0;) {
      const piece = await reads.shift()!
      fill()
      yield piece
    }
  } finally {
    await Promise.allSettled(reads)
  }
}

/** A file held in memory. */
export function bytesInMemory (bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    async read (offset, length) {
      assertWithin(bytes.byteLength, offset, length)
      return bytes.subarray(offset, offset + length)
    },
  }
}

/** The part of a source that begins at `offset`; reads outside of it throw. */
export function sliceOf (source: ByteSource, offset: number, length: number): ByteSource {
  assertWithin(source.size, offset, length)
  return {
    size: length,
    ...(source.owned && { owned: true }),
    ...(source.readInto && {
      async readInto (at, target) {
        assertWithin(length, at, target.length)
        await source.readInto!(offset + at, target)
      },
    }),
    async read (at, count) {
      assertWithin(length, at, count)
      return await source.read(offset + at, count)
    },
  }
}

/** All bytes of a source in order, in pieces of at most `chunk` bytes. */
export async function * streamOf (source: ByteSource, chunk = 1 << 20): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size; at += chunk) yield await source.read(at, Math.min(chunk, source.size - at))
}

/** Throws unless [offset, offset + length) lies within `size` bytes. */
export function assertWithin (size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > size) {
    throw new EspalierError('invalid-model', `the file ends too early: ${length} bytes are needed at offset ${offset}, the file has ${size}`, { offset, length, size })
  }
}
