/** Reads anywhere in a stored blob by blocks of whole pieces, which are checked and kept for the next small reads. */
import { assertWithin } from '../../models/bytes.ts'
import { checkPieces, SUM_BYTES, wholePieces, type Sums } from './sums.ts'

export interface BlockReaderOptions {
  readonly sha256: string
  readonly sums: Sums
  /** Gives bytes [from, to); fewer where the stored file ends before. */
  fetch (from: number, to: number): Promise<Uint8Array>
  /** Size of a block that a small read fetches, a multiple of SUM_BYTES. */
  readonly least: number
  /** Reads one after the other fetch blocks that grow up to this size. */
  readonly most: number
}

interface Block { readonly from: number, readonly to: number, readonly bytes: Promise<Uint8Array> }

/** Enough for a parser that reads a directory at the end and data at two places in turn. */
const KEPT_BLOCKS = 4

/** `read(offset, length)`; what it gives may not be changed. Holds up to four blocks of `most` bytes. */
export function blockReader ({ sha256, sums, fetch, least, most }: BlockReaderOptions): (offset: number, length: number) => Promise<Uint8Array> {
  /** Those used last come first. */
  let kept: Block[] = []
  let size = least
  let end = -1

  async function fetchChecked (from: number, to: number): Promise<Uint8Array> {
    const bytes = await fetch(from, to)
    checkPieces(sha256, sums, from, bytes, to - from)
    return bytes
  }

  /** The block at byte `at` of a read that ends at `to`. */
  function blockAt (at: number, to: number): Block {
    const found = kept.find((block) => block.from <= at && at < block.to)
    if (found !== undefined) {
      kept = [found, ...kept.filter((block) => block !== found)]
      return found
    }
    // A read where the last block ended goes on: it likely will again.
    size = at === end ? Math.min(2 * size, most) : least
    const begin = wholePieces(sums.bytes, at, to).from
    const range = wholePieces(sums.bytes, begin, Math.min(Math.max(to, begin + size), sums.bytes))
    const block = { ...range, bytes: fetchChecked(range.from, range.to) }
    end = range.to
    if (range.to - range.from <= Math.max(most, 2 * SUM_BYTES)) kept = [block, ...kept].slice(0, KEPT_BLOCKS)
    block.bytes.catch(() => { kept = kept.filter((other) => other !== block) })
    return block
  }

  return async (offset, length) => {
    assertWithin(sums.bytes, offset, length)
    const to = offset + length
    if (length === 0) return new Uint8Array(0)
    const first = blockAt(offset, to)
    if (to <= first.to) return (await first.bytes).subarray(offset - first.from, to - first.from)
    const bytes = new Uint8Array(length)
    for (let at = offset, block = first; ; block = blockAt(at, to)) {
      const part = (await block.bytes).subarray(at - block.from, to - block.from)
      bytes.set(part, at - offset)
      at += part.byteLength
      if (at === to) return bytes
    }
  }
}
