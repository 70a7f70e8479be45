/** Random access to content that can only be produced from front to back, such as an inflated file, in bounded memory. */
import { assertWithin, type ByteSource } from '../models/bytes.ts'

/** Content that is read backwards is kept whole up to this size; larger content is produced again from its start. */
const KEPT_BYTES = 128 * 2 ** 20

interface Position { readonly pieces: AsyncIterator<Uint8Array>, rest: Uint8Array, at: number }

/**
 * `size` bytes that `open` produces. Reading forward holds one piece at a time. `open`'s own checks at its end (checksum, no more data) take place
 * when the last byte is read. Reads wait for each other.
 */
export function forwardSource (size: number, open: () => AsyncIterable<Uint8Array>): ByteSource {
  let position: Position | undefined
  let whole: Uint8Array | undefined
  let last: Promise<unknown> = Promise.resolve()

  const start = (): Position => ({ pieces: open()[Symbol.asyncIterator](), rest: new Uint8Array(), at: 0 })

  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (whole !== undefined) return whole.subarray(offset, offset + length)
    const goesBack = position !== undefined && offset < position.at
    if (goesBack) {
      await position?.pieces.return?.()
      position = undefined
    }
    if (goesBack && size <= KEPT_BYTES) {
      whole = await take(start(), 0, size, size)
      return whole.subarray(offset, offset + length)
    }
    position ??= start()
    try {
      return await take(position, offset, length, size)
    } catch (error) {
      position = undefined
      throw error
    }
  }

  return {
    size,
    async read (offset, length) {
      assertWithin(size, offset, length)
      const mine = last.then(async () => await read(offset, length))
      last = mine.catch(() => {})
      return await mine
    },
  }
}

/** Moves `position` to `offset` and takes `length` bytes; at the end of the content it is asked for more, so that it makes its final checks. */
async function take (position: Position, offset: number, length: number, size: number): Promise<Uint8Array> {
  const result = new Uint8Array(length)
  let filled = 0
  while (filled < length || position.at < offset) {
    if (position.rest.length === 0) {
      const next = await position.pieces.next()
      if (next.done === true) break
      position.rest = next.value
      continue
    }
    const skipped = Math.min(position.rest.length, Math.max(0, offset - position.at))
    const taken = position.rest.subarray(skipped, skipped + length - filled)
    result.set(taken, filled)
    filled += taken.length
    position.at += skipped + taken.length
    position.rest = position.rest.subarray(skipped + taken.length)
  }
  // Content that ends early, or goes on, is told by `open` itself: it knows what it ought to be.
  if (position.at === size) while ((await position.pieces.next()).done !== true) continue
  assertWithin(filled, 0, length)
  return result
}
