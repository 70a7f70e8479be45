/** Any rows of an array of examples, in the order asked for, in few reads. */
import { sizeOf } from '../models/tensor.ts'
import type { ExampleArray } from './dataset.ts'

/** Rows that lie closer than this are read together: skipping costs more than reading on. */
const GAP_VALUES = 1 << 14

/** Numbers that one read gives at most. */
const VALUES_AT_ONCE = 1 << 22

/** The rows, which may come in any order and more than once, as float32, row-major. */
export async function readRows (array: ExampleArray, rows: ArrayLike<number>): Promise<Float32Array> {
  const size = Math.max(1, sizeOf(array.shape))
  const values = new Float32Array(rows.length * size)
  const order = Uint32Array.from({ length: rows.length }, (_, index) => index).sort((a, b) => rows[a]! - rows[b]!)
  const [gap, most] = [Math.max(1, Math.floor(GAP_VALUES / size)), Math.max(1, Math.floor(VALUES_AT_ONCE / size))]
  for (let first = 0; first < order.length;) {
    const from = rows[order[first]!]!
    let end = first + 1
    while (end < order.length && rows[order[end]!]! - rows[order[end - 1]!]! <= gap && rows[order[end]!]! - from < most) end++
    const read = await array.read(from, rows[order[end - 1]!]! + 1)
    for (; first < end; first++) {
      const at = (rows[order[first]!]! - from) * size
      values.set(read.subarray(at, at + size), order[first]! * size)
    }
  }
  return values
}
