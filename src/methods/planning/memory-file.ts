/** A file that is only written to be weighed: it lies in memory and is forgotten. */
import type { ByteSource } from '../../models/bytes.ts'
import type { ModelSink } from '../../models/formats/format.ts'

export interface MemoryFile extends ModelSink {
  /** What was written, up to `size` bytes. */
  source (size: number): ByteSource
}

/** Grows by doubling. */
export function createMemoryFile (expected: number): MemoryFile {
  let bytes = new Uint8Array(Math.max(1024, expected))
  return {
    async write (offset, piece) {
      const end = offset + piece.length
      if (end > bytes.length) {
        const larger = new Uint8Array(Math.max(end, 2 * bytes.length))
        larger.set(bytes)
        bytes = larger
      }
      bytes.set(piece, offset)
    },
    source: (size) => ({ size, read: async (offset, length) => bytes.subarray(offset, offset + length) }),
  }
}
