/** Examples that can only be decoded many at a time (lines of text, images, row groups): arrays over blocks of rows, the last ones kept. */
import { sizeOf, type NumberType, type Shape } from '../models/tensor.ts'
import type { ExampleArray } from './dataset.ts'

export type Loaded = Float32Array | Uint8Array

export interface Blocks {
  /** The first row of each block, ascending from 0, and behind them the number of rows. */
  readonly starts: ArrayLike<number>
  /** All rows of a block, row-major, one array for each that is described; bytes stay bytes until they are read. */
  load (block: number): Promise<readonly Loaded[]>
}

export interface BlockedArray { readonly shape: Shape, readonly type: NumberType }

/** Decoded blocks are kept up to this size, the newest one in any case: features and targets are read one after the other, and batches cross borders. */
const KEPT_BYTES = 64 * 2 ** 20

/** The arrays that the blocks hold. Reads wait for each other, so that no more than one block is decoded at a time. */
export function blockedArrays (described: readonly BlockedArray[], blocks: Blocks): ExampleArray[] {
  const load = keepingLast(blocks)
  let last: Promise<unknown> = Promise.resolve()
  return described.map(({ shape, type }, index) => ({
    shape,
    type,
    forward: true,
    async read (from, to) {
      const mine = last.then(async () => await rowsOf(blocks.starts, load, index, sizeOf(shape), from, to))
      last = mine.catch(() => {})
      return await mine
    },
  }))
}

type Load = Blocks['load']

async function rowsOf (starts: ArrayLike<number>, load: Load, index: number, size: number, from: number, to: number): Promise<Float32Array> {
  const rows = new Float32Array((to - from) * size)
  for (let row = from, block = blockOf(starts, from); row < to; block++) {
    const [first, end] = [starts[block]!, Math.min(to, starts[block + 1]!)]
    rows.set((await load(block))[index]!.subarray((row - first) * size, (end - first) * size), (row - from) * size)
    row = end
  }
  return rows
}

/** The block that holds `row`, by bisection. */
function blockOf (starts: ArrayLike<number>, row: number): number {
  let [low, high] = [0, starts.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (starts[middle]! <= row) low = middle
    else high = middle
  }
  return low
}

function keepingLast (blocks: Blocks): Load {
  const kept = new Map<number, readonly Loaded[]>()
  const bytesOf = (arrays: readonly Loaded[]) => arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return async (block) => {
    const arrays = kept.get(block) ?? await blocks.load(block)
    // Behind all others: the newest.
    kept.delete(block)
    kept.set(block, arrays)
    let bytes = [...kept.values()].reduce((sum, one) => sum + bytesOf(one), 0)
    for (const [old, one] of kept) {
      if (bytes <= KEPT_BYTES || old === block) break
      kept.delete(old)
      bytes -= bytesOf(one)
    }
    return arrays
  }
}
