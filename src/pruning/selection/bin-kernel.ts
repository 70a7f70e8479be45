/** The loop that counts integers by ranges of equal width, in WebAssembly. */
import { doWhile, func, i32, sequence, set, value } from './assembler.ts'
import { BINS, LAYOUT } from './layout.ts'

const WORDS = [0, 4, 8, 12] as const

/** Counts the integers from address `from` up to `to`, a multiple of four, in a bin for every 2^shift numbers from `low` on. */
export const bin = func({
  params: ['from', 'to', 'low', 'shift'],
  ints: ['at'],
  vectors: [],
  body: (v) => sequence(
    doWhile(i32.ltU(v.from, v.to),
      ...WORDS.flatMap((offset) => [
        set(v.at, i32.shl(i32.and(i32.shrU(i32.sub(i32.load(v.from, offset), v.low), v.shift), BINS - 1), 2)),
        i32.store(v.at, i32.add(i32.load(v.at, LAYOUT.bins), 1), LAYOUT.bins),
      ]),
      set(v.from, i32.add(v.from, 16))
    ),
    value(v.from)
  ),
})
