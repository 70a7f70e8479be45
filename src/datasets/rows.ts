/** Any rows of an array of examples, in the order asked for, in few reads. */
import { sizeOf } from '../models/tensor.ts'
import type { ExampleArray } from './dataset.ts'

/** Rows that lie closer than this are read together: skipping costs more than reading on. */
const GAP_VALUES = 1 << 14

/** Numbers that one read gives at most, unless a single row has more; reads that begin together give no more either. */
const VALUES_AT_ONCE = 1 << 22

/** Reads that begin together: enough for a whole batch, so that a file gives it while the machine computes. */
const READS_AT_ONCE = 256

/** Rows [from, to) of the array, which hold the wanted rows [first, end) of the ascending order. */
interface Range { readonly from: number, readonly to: number, readonly first: number, readonly end: number }

/** The rows, which may come in any order and more than once, as float32, row-major. */
export async function readRows (array: ExampleArray, rows: ArrayLike<number>): Promise<Float32Array> {
  const size = sizeOf(array.shape)
  const values = new Float32Array(rows.length * size)
  const order = Uint32Array.from({ length: rows.length }, (_, index) => index).sort((a, b) => rows[a]! - rows[b]!)
  const copy = async ({ from, to, first, end }: Range): Promise<void> => {
    const read = await array.read(from, to)
    for (let place = first; place < end; place++) {
      const at = (rows[order[place]!]! - from) * size
      values.set(read.subarray(at, at + size), order[place]! * size)
    }
  }
  for (const group of grouped(rangesOf(rows, order, size), size)) await Promise.all(group.map(copy))
  return values
}

function rangesOf (rows: ArrayLike<number>, order: Uint32Array, size: number): Range[] {
  const ranges: Range[] = []
  for (let first = 0; first < order.length;) {
    const from = rows[order[first]!]!
    let [to, end] = [from + 1, first + 1]
    for (; end < order.length; end++) {
      const row = rows[order[end]!]!
      const far = (row - to) * size > GAP_VALUES || (row + 1 - from) * size > VALUES_AT_ONCE
      if (row >= to && far) break
      to = row + 1
    }
    ranges.push({ from, to, first, end })
    first = end
  }
  return ranges
}

/** Ranges in their order, as many together as may be read at once. */
function grouped (ranges: readonly Range[], size: number): Range[][] {
  const groups: Range[][] = []
  let values = 0
  for (const range of ranges) {
    const own = (range.to - range.from) * size
    const group = groups.at(-1)
    if (group !== undefined && group.length < READS_AT_ONCE && values + own <= VALUES_AT_ONCE) {
      group.push(range)
      values += own
    } else {
      groups.push([range])
      values = own
    }
  }
  return groups
}
