/** Writing of the version 1 B-tree that finds the chunks of a dataset. */
import { Block, UNDEFINED, type Output } from './write-bytes.ts'

/** Half the children of a node: fixed at 32 for superblock version 0. */
const CHUNK_K = 32

/** A stored chunk; `start` is its first element on each axis. */
export interface WrittenChunk { readonly address: number, readonly size: number, readonly mask: number, readonly start: readonly number[] }

/** Writes the tree over `chunks`, which are in row-major order and at least one, and gives the address of its root. */
export async function writeChunkTree (
  output: Output, chunks: readonly WrittenChunk[], shape: readonly number[], chunkShape: readonly number[], elementSize: number
): Promise<number> {
  const width = 2 * CHUNK_K
  const keyBytes = 8 + 8 * (shape.length + 1)
  const size = 24 + keyBytes * (width + 1) + 8 * width
  // The key behind the last chunk is larger than all: one row of chunks further on the first axis.
  const end: WrittenChunk = {
    address: UNDEFINED, size: 0, mask: 0,
    start: chunkShape.map((length, axis) => axis === 0 ? Math.ceil((shape[0] as number) / length) * length : 0),
  }
  const putKey = (block: Block, chunk: WrittenChunk): void => {
    block.u32(chunk.size).u32(chunk.mask)
    for (const at of chunk.start) block.u64(at)
    // The offset within an element, one more axis: 0, and one element behind the end.
    block.u64(chunk === end ? elementSize : 0)
  }
  let below = chunks
  for (let level = 0; ; level++) {
    const count = Math.ceil(below.length / width)
    const addresses = Array.from({ length: count }, () => output.allocate(size))
    const nodes: WrittenChunk[] = []
    for (const [n, address] of addresses.entries()) {
      const part = below.slice(n * width, (n + 1) * width)
      const block = new Block(size).put(new TextEncoder().encode('TREE')).u8(1, level).u16(part.length)
      block.u64(addresses[n - 1] ?? UNDEFINED).u64(addresses[n + 1] ?? UNDEFINED)
      for (const child of part) {
        putKey(block, child)
        block.u64(child.address)
      }
      putKey(block, below[(n + 1) * width] ?? end)
      await output.write(address, block.bytes)
      nodes.push({ ...part[0] as WrittenChunk, address })
    }
    const [root] = nodes
    if (nodes.length === 1 && root !== undefined) return root.address
    below = nodes
  }
}
