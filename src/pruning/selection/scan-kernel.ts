/** The loops that count magnitudes about a bracket and collect those in it, in WebAssembly SIMD: four at a time, or eight of 16 bits or by their upper halves. */
import { doWhile, func, i16x8, i32, i32x4, i8x16, sequence, set, v128, value, when, whileTrue, type Code, type Func, type Operand, type Variable } from './assembler.ts'
import { HALF_MAGNITUDE, MAGNITUDE } from './cut-point.ts'
import { LAYOUT, TURN, VECTOR_BYTES } from './layout.ts'

type Insides = readonly [Variable, Variable, Variable, Variable]

/** How the 16 elements of a turn are looked at. */
interface View {
  /** 2^shift bytes are an element. */
  readonly shift: number
  readonly vectors: number
  readonly lanes: Pick<typeof i32x4, 'splat' | 'gt' | 'eq' | 'sub' | 'max'>
  /** All ones but the sign. */
  readonly magnitude: number
  readonly load: (from: Variable, vector: number) => Code
  /** A bit for each element, from vectors whose lanes are all ones or zero. */
  readonly bits: (insides: Insides) => Code
  /** The table of each bit's element's place in its turn. */
  readonly places: number
  /** The magnitude of the element at an address. */
  readonly element: (address: Operand) => Code
  /** Are turns often inside as a whole? Then they are copied by vectors of words. */
  readonly dense: boolean
  /** Four lanes of 32 bits from lanes of counts, and of maxima. */
  readonly sums: (counts: Operand) => Code
  readonly maxima: (lanes: Operand) => Code
}

const IN_ORDER = Array.from({ length: TURN }, (_, bit) => bit)
/** As the vectors of `UPPER` bring them together. */
const MINGLED = IN_ORDER.map((bit) => 8 * (bit >> 3) + (bit % 2 === 0 ? 4 : 0) + ((bit & 7) >> 1))
/** The tables of places. */
export const PLACES = [...IN_ORDER, ...MINGLED] as const

const WORDS: View = {
  shift: 2,
  vectors: 4,
  lanes: i32x4,
  magnitude: MAGNITUDE,
  load: (from, vector) => v128.load(from, VECTOR_BYTES * vector),
  bits: ([a, b, c, d]) => i8x16.bitmask(i8x16.narrow(i16x8.narrow(a, b), i16x8.narrow(c, d))),
  places: LAYOUT.places,
  element: (address) => i32.and(i32.load(address), MAGNITUDE),
  dense: true,
  sums: value,
  maxima: value,
}

const HALVES: View = {
  shift: 1,
  vectors: 2,
  lanes: i16x8,
  magnitude: HALF_MAGNITUDE,
  load: WORDS.load,
  bits: ([a, b]) => i8x16.bitmask(i8x16.narrow(a, b)),
  places: LAYOUT.places,
  element: (address) => i32.and(i32.loadHalf(address), HALF_MAGNITUDE),
  dense: false,
  sums: i32x4.addPairs,
  maxima: (lanes) => i32x4.max(i32x4.extendLow(lanes), i32x4.extendHigh(lanes)),
}

/** Where the first vector's upper halves lie stay they; in between come those of the second, which is loaded two bytes further on for that. */
const UPPER_LANES = [16, 17, 2, 3, 20, 21, 6, 7, 24, 25, 10, 11, 28, 29, 14, 15] as const

/** Words by their upper halves. */
const UPPER: View = {
  ...HALVES,
  shift: WORDS.shift,
  load: (from, vector) => i8x16.shuffle(v128.load(from, 2 * VECTOR_BYTES * vector), v128.load(from, 2 * VECTOR_BYTES * vector + VECTOR_BYTES + 2), UPPER_LANES),
  places: LAYOUT.places + TURN,
  element: WORDS.element,
}

/** The set of all elements of a turn. */
const ALL = (1 << TURN) - 1

const withoutFirst = (bits: Variable): Code => i32.and(bits, i32.sub(bits, 1))

/** `zeros`: magnitudes that are 0 are counted, too. */
interface Kind { readonly view: View, readonly collects: boolean, readonly zeros: boolean }

/**
 * Of the magnitudes from address `from` up to `to`, into `results`: how many are below `high`, the largest, how many are above `low`, and how many are 0. With `collects`
 * those strictly between are written from `out` on, a word each, instead of counting those above, in any order within a turn; `turns` has room for a word for each turn. Gives the
 * address after them. Of upper halves, all numbers are those of 16 bits.
 */
const scan = ({ view, collects, zeros }: Kind): Func => func({
  params: ['from', 'to', 'low', 'high', 'out', 'turns'],
  ints: ['start', 'number', 'set', 'turn', 'end'],
  vectors: ['lows', 'highs', 'magnitudes', 'x', 'isBelow', 'below', 'above', 'largest', 'none', 'a', 'b', 'c', 'd'],
  body (v) {
    const { shift, vectors, lanes, magnitude, load, bits, places, element, dense, sums, maxima } = view
    const turnBits = Math.log2(TURN) + shift
    const insides: Insides = [v.a, v.b, v.c, v.d]
    // A lane that is true is -1.
    const count = (counter: Variable, are: Operand): Code => set(counter, lanes.sub(counter, are))
    const isAbove = lanes.gt(v.x, v.lows)
    const each = insides.slice(0, vectors).flatMap((inside, vector) => [
      set(v.x, v128.and(load(v.from, vector), v.magnitudes)),
      set(v.isBelow, lanes.gt(v.highs, v.x)),
      set(v.largest, lanes.max(v.largest, v.x)),
      count(v.below, v.isBelow),
      zeros ? count(v.none, lanes.eq(v.x, v128.zero)) : [],
      collects ? set(inside, v128.and(isAbove, v.isBelow)) : count(v.above, isAbove),
    ])
    // Which turns hold any is noted without a branch, since no processor could guess it: the turn's number above the set of its elements.
    const note = [
      set(v.set, bits(insides)),
      i32.store(v.end, i32.or(v.number, v.set)),
      set(v.end, i32.add(v.end, i32.shl(i32.ne(v.set, 0), 2))),
      set(v.number, i32.add(v.number, 1 << TURN)),
    ]
    const take = i32.store(v.out, element(i32.add(v.turn, i32.shl(i32.loadByte(i32.ctz(v.set), places), shift))))
    const next = (step: Operand): Code => sequence(set(v.out, i32.add(v.out, step)), set(v.set, withoutFirst(v.set)))
    // Of most turns it is one or two elements: the second is written without a branch, too, and overwritten where there is none.
    const some = sequence(take, next(4), take, next(i32.shl(i32.ne(v.set, 0), 2)), whileTrue(v.set, take, next(4)))
    const all = sequence(
      insides.flatMap((_, vector) => v128.store(v.out, v128.and(load(v.turn, vector), v.magnitudes), VECTOR_BYTES * vector)),
      set(v.out, i32.add(v.out, VECTOR_BYTES * vectors))
    )
    const collect = whileTrue(i32.ltU(v.turns, v.end),
      set(v.set, i32.load(v.turns)),
      set(v.turn, i32.add(v.start, i32.shl(i32.shrU(v.set, TURN), turnBits))),
      set(v.set, i32.and(v.set, ALL)),
      // No set is all of them once it was gone through.
      ...dense ? [when(i32.ne(v.set, ALL), some), when(i32.eq(v.set, ALL), all)] : [some],
      set(v.turns, i32.add(v.turns, 4))
    )
    return sequence(
      set(v.lows, lanes.splat(v.low)),
      set(v.highs, lanes.splat(v.high)),
      set(v.magnitudes, lanes.splat(magnitude)),
      set(v.start, v.from),
      set(v.end, v.turns),
      doWhile(i32.ltU(v.from, v.to),
        ...each,
        ...collects ? note : [],
        set(v.from, i32.add(v.from, 1 << turnBits))
      ),
      collects ? collect : [],
      [sums(v.below), maxima(v.largest), sums(v.above), sums(v.none)].flatMap((counter, index) => v128.store(LAYOUT.results, counter, index * VECTOR_BYTES)),
      value(v.out)
    )
  },
})

/** Tensors that are held need no zeros, and lose time with them. */
export const SCANS = {
  count: scan({ view: WORDS, collects: false, zeros: false }),
  collect: scan({ view: WORDS, collects: true, zeros: false }),
  countUpper: scan({ view: UPPER, collects: false, zeros: false }),
  collectUpper: scan({ view: UPPER, collects: true, zeros: false }),
  countZeros: scan({ view: WORDS, collects: false, zeros: true }),
  collectZeros: scan({ view: WORDS, collects: true, zeros: true }),
  countHalves: scan({ view: HALVES, collects: false, zeros: true }),
  collectHalves: scan({ view: HALVES, collects: true, zeros: true }),
} as const
