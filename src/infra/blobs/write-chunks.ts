/** Cuts what streams in into chunks of one size and writes them one behind the other, holding two at most. */
import { Meter } from './content.ts'

/**
 * Writes `content` as chunks of `chunkBytes` (the last may be shorter, and is told to be the last). While one is written the next is filled; the
 * source waits for both. A chunk may be changed once `insert` has resolved, but for the last. @throws `payload-too-large` past `limit` bytes
 */
export async function writeChunks (
  content: AsyncIterable<Uint8Array>, chunkBytes: number, limit: number | undefined, insert: (position: number, chunk: Uint8Array, last: boolean) => Promise<void>
): Promise<{ sha256: string, bytes: number, chunks: number }> {
  const meter = new Meter(limit)
  const buffers = [new Uint8Array(chunkBytes), new Uint8Array(chunkBytes)] as const
  let chunks = 0
  let filled = 0
  let writing = Promise.resolve()

  /** Starts to write the filled buffer once the other one is written, which is then free to be filled. */
  async function flush (last: boolean): Promise<void> {
    const full = bufferOf(chunks).subarray(0, filled)
    const position = chunks++
    filled = 0
    await writing
    writing = insert(position, full, last)
    writing.catch(() => {}) // reported where it is awaited
  }
  const bufferOf = (position: number): Uint8Array => position % 2 === 0 ? buffers[0] : buffers[1]

  try {
    for await (const piece of content) {
      meter.add(piece)
      for (let at = 0; at < piece.byteLength;) {
        // Not before more comes: only then is it known that it is not the last.
        if (filled === chunkBytes) await flush(false)
        const part = piece.subarray(at, at + chunkBytes - filled)
        bufferOf(chunks).set(part, filled)
        filled += part.byteLength
        at += part.byteLength
      }
    }
    if (filled > 0) await flush(true)
  } finally {
    await writing
  }
  return { sha256: meter.sha256(), bytes: meter.bytes, chunks }
}
