/** The loop that counts magnitudes about a bracket and collects those in it, in WebAssembly SIMD: four at a time, or eight by their upper halves. */
import { doWhile, func, i16x8, i32, i32x4, i8x16, sequence, set, v128, value, whileTrue, type Code, type Func, type Operand, type Variable } from './assembler.ts'
import { MAGNITUDE } from './cut-point.ts'
import { LAYOUT, TURN_BYTES, VECTOR_BYTES } from './layout.ts'

type Insides = readonly [Variable, Variable, Variable, Variable]

/** How the 16 elements of a turn are looked at. */
interface View {
  readonly vectors: number
  readonly lanes: Pick<typeof i32x4, 'splat' | 'gt' | 'sub' | 'max'>
  /** All ones but the sign. */
  readonly magnitude: number
  readonly load: (from: Variable, vector: number) => Code
  /** A bit for each element, from vectors whose lanes are all ones or zero. */
  readonly bits: (insides: Insides) => Code
  /** The place of each bit's element in its turn. */
  readonly places: readonly number[]
  /** Four lanes of 32 bits from lanes of counts, and of maxima. */
  readonly sums: (counts: Operand) => Code
  readonly maxima: (lanes: Operand) => Code
}

const SIXTEEN = Array.from({ length: 16 }, (_, bit) => bit)

const WORDS: View = {
  vectors: 4,
  lanes: i32x4,
  magnitude: MAGNITUDE,
  load: (from, vector) => v128.load(from, VECTOR_BYTES * vector),
  bits: ([a, b, c, d]) => i8x16.bitmask(i8x16.narrow(i16x8.narrow(a, b), i16x8.narrow(c, d))),
  places: SIXTEEN,
  sums: value,
  maxima: value,
}

/** Where the first vector's upper halves lie stay they; in between come those of the second, which is loaded two bytes further on for that. */
const UPPER = [16, 17, 2, 3, 20, 21, 6, 7, 24, 25, 10, 11, 28, 29, 14, 15] as const

const HALVES: View = {
  vectors: 2,
  lanes: i16x8,
  magnitude: MAGNITUDE >> 16,
  load: (from, vector) => i8x16.shuffle(v128.load(from, 2 * VECTOR_BYTES * vector), v128.load(from, 2 * VECTOR_BYTES * vector + VECTOR_BYTES + 2), UPPER),
  bits: ([a, b]) => i8x16.bitmask(i8x16.narrow(a, b)),
  places: SIXTEEN.map((bit) => 8 * (bit >> 3) + (bit % 2 === 0 ? 4 : 0) + ((bit & 7) >> 1)),
  sums: i32x4.addPairs,
  maxima: (lanes) => i32x4.max(i32x4.extendLow(lanes), i32x4.extendHigh(lanes)),
}

/** Of a set of elements by its bits, the address of the first in the turn that begins at `turn`. */
const first = (turn: Variable, bits: Variable, table: number): Code => i32.add(turn, i32.shl(i32.loadByte(i32.ctz(bits), table), 2))
const withoutFirst = (bits: Variable): Code => i32.and(bits, i32.sub(bits, 1))

/**
 * Of the magnitudes from address `from` up to `to`, into `results`: how many are below `high`, the largest, and how many are above `low`. With `collects`
 * those strictly between are written from `out` on instead, in any order within a turn; `turns` has room for a word for each turn. Gives the address
 * after them. Of upper halves, all numbers are those of 16 bits.
 */
const scan = ({ vectors, lanes, magnitude, load, bits, sums, maxima }: View, table: number, collects: boolean): Func => func({
  params: ['from', 'to', 'low', 'high', 'out', 'turns'],
  ints: ['set', 'turn', 'end'],
  vectors: ['lows', 'highs', 'magnitudes', 'x', 'isBelow', 'below', 'above', 'largest', 'a', 'b', 'c', 'd'],
  body (v) {
    const insides: Insides = [v.a, v.b, v.c, v.d]
    const isAbove = lanes.gt(v.x, v.lows)
    const each = insides.slice(0, vectors).flatMap((inside, vector) => [
      set(v.x, v128.and(load(v.from, vector), v.magnitudes)),
      set(v.isBelow, lanes.gt(v.highs, v.x)),
      set(v.largest, lanes.max(v.largest, v.x)),
      // A lane that is true is -1.
      set(v.below, lanes.sub(v.below, v.isBelow)),
      collects ? set(inside, v128.and(isAbove, v.isBelow)) : set(v.above, lanes.sub(v.above, isAbove)),
    ])
    // Which turns hold any is noted without a branch, since no processor could guess it: the turn's number above the set of its elements.
    const note = [
      set(v.set, bits(insides)),
      i32.store(v.end, i32.or(i32.shl(v.from, 16 - Math.log2(TURN_BYTES)), v.set)),
      set(v.end, i32.add(v.end, i32.shl(i32.ne(v.set, 0), 2))),
    ]
    const take = i32.store(v.out, i32.and(i32.load(first(v.turn, v.set, table)), MAGNITUDE))
    // Of most turns it is one or two elements: the second is written without a branch, too, and overwritten where there is none.
    const collect = whileTrue(i32.ltU(v.turns, v.end),
      set(v.set, i32.load(v.turns)),
      set(v.turn, i32.shl(i32.shrU(v.set, 16), Math.log2(TURN_BYTES))),
      set(v.set, i32.and(v.set, 0xffff)),
      take,
      set(v.out, i32.add(v.out, 4)),
      set(v.set, withoutFirst(v.set)),
      take,
      set(v.out, i32.add(v.out, i32.shl(i32.ne(v.set, 0), 2))),
      set(v.set, withoutFirst(v.set)),
      whileTrue(v.set,
        take,
        set(v.out, i32.add(v.out, 4)),
        set(v.set, withoutFirst(v.set))
      ),
      set(v.turns, i32.add(v.turns, 4))
    )
    return sequence(
      set(v.lows, lanes.splat(v.low)),
      set(v.highs, lanes.splat(v.high)),
      set(v.magnitudes, lanes.splat(magnitude)),
      set(v.end, v.turns),
      doWhile(i32.ltU(v.from, v.to),
        ...each,
        ...collects ? note : [],
        set(v.from, i32.add(v.from, TURN_BYTES))
      ),
      collects ? collect : [],
      [sums(v.below), maxima(v.largest), sums(v.above)].flatMap((counter, index) => v128.store(LAYOUT.results, counter, index * VECTOR_BYTES)),
      value(v.out)
    )
  },
})

export const SCANS = {
  count: scan(WORDS, LAYOUT.places, false),
  collect: scan(WORDS, LAYOUT.places, true),
  countHalves: scan(HALVES, LAYOUT.places + 16, false),
  collectHalves: scan(HALVES, LAYOUT.places + 16, true),
} as const
/** The table of places: one view's after the other's. */
export const PLACES = [...WORDS.places, ...HALVES.places] as const
