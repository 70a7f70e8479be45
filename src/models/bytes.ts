/** Random access to the bytes of a file, wherever they lie: every parser reads through this. */
import { EspalierError } from '../errors.ts'

/** Bytes that can be read from any offset. `read` gives exactly `length` bytes or throws `invalid-model` (truncated). */
export interface ByteSource {
  readonly size: number
  /** Does what `read` gives belong to whoever reads it? Else it may not be changed. */
  readonly owned?: true
  read (offset: number, length: number): Promise<Uint8Array>
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
