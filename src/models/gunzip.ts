/** Gzipped files as random access: they are unpacked into memory, as they can only be read from front to back. */
import { EspalierError } from '../errors.ts'
import { assertWithin, streamOf, type ByteSource } from './bytes.ts'
import { inflate } from './inflate.ts'

/** Bytes that are held in memory at most; what is larger must come unpacked. */
export const MAX_GUNZIPPED_BYTES = 256 * 2 ** 20

/** Blocks grow no more than this past the content. */
const BLOCK_BYTES = 2 ** 20

/** Does the file begin as gzip does (RFC 1952)? */
export function looksLikeGzip (head: Uint8Array): boolean {
  return head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8
}

/** The first `length` bytes of the content, or all that there are. Throws `invalid-model` for damaged data. */
export async function gunzippedHead (source: ByteSource, length: number): Promise<Uint8Array> {
  const head = new Uint8Array(length)
  let size = 0
  for await (const piece of inflate(streamOf(source, 65_536), 'gzip', 'the gzip file', 'invalid-model')) {
    const part = piece.subarray(0, length - size)
    head.set(part, size)
    size += part.length
    if (size === length) break
  }
  return head.subarray(0, size)
}

/** The whole content. Throws `invalid-model` for damaged data and `limit-exceeded` past `limit` bytes, as soon as they are reached; `advice` says what to do. */
export async function gunzipped (source: ByteSource, advice: string, limit = MAX_GUNZIPPED_BYTES): Promise<ByteSource> {
  const blocks: Uint8Array[] = []
  let size = 0
  for await (const piece of inflate(streamOf(source), 'gzip', 'the gzip file', 'invalid-model')) {
    if (size + piece.length > limit) throw new EspalierError('limit-exceeded', `the gzip file holds more than ${limit} bytes after decompression, which are held in memory; ${advice}`, { limit })
    for (let done = 0; done < piece.length;) {
      const at = size % BLOCK_BYTES
      if (at === 0) blocks.push(new Uint8Array(BLOCK_BYTES))
      const part = piece.subarray(done, done + BLOCK_BYTES - at)
      blocks.at(-1)!.set(part, at)
      done += part.length
      size += part.length
    }
  }
  return inBlocks(blocks, size)
}

function inBlocks (blocks: readonly Uint8Array[], size: number): ByteSource {
  return {
    size,
    async read (offset, length) {
      assertWithin(size, offset, length)
      const bytes = new Uint8Array(length)
      for (let done = 0; done < length;) {
        const from = (offset + done) % BLOCK_BYTES
        const part = blocks[Math.floor((offset + done) / BLOCK_BYTES)]!.subarray(from, from + length - done)
        bytes.set(part, done)
        done += part.length
      }
      return bytes
    },
  }
}
