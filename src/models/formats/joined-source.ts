/** Several entries of a zip read as one run of bytes. */
import { assertWithin, type ByteSource } from '../bytes.ts'
import type { ZipEntry } from '../zip.ts'

/** The entries' contents one behind the other. Of compressed entries, which must be inflated whole, the last used one is kept. */
export function joinedSource (entries: readonly ZipEntry[]): ByteSource {
  const starts: number[] = []
  let size = 0
  for (const entry of entries) {
    starts.push(size)
    size += entry.size
  }
  let open: { readonly index: number, readonly source: Promise<ByteSource> } | undefined
  const sourceAt = async (index: number): Promise<ByteSource> => {
    if (open?.index !== index) open = { index, source: entries[index]!.source() }
    return await open.source
  }
  return {
    size,
    async read (offset, length) {
      assertWithin(size, offset, length)
      const bytes = new Uint8Array(length)
      for (let index = indexAt(starts, offset), done = 0; done < length; index++) {
        const from = offset + done - starts[index]!
        const count = Math.min(length - done, entries[index]!.size - from)
        if (count <= 0) continue
        bytes.set(await (await sourceAt(index)).read(from, count), done)
        done += count
      }
      return bytes
    },
  }
}

/** The last entry that begins at or before `offset`. */
function indexAt (starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (starts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}
