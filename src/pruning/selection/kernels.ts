/** The loops over magnitudes in WebAssembly SIMD, 64 bytes at a time: counting and collecting about a bracket, and making a cut. */
import { assemble, doWhile, func, i16x8, i32, i32x4, i8x16, sequence, set, v128, value, when, whileTrue, type Code, type Variable } from './assembler.ts'
import { HALF_MAGNITUDE, MAGNITUDE } from './cut-point.ts'

export const VECTOR_BYTES = 16
const OFFSETS = [0, 1, 2, 3].map((vector) => vector * VECTOR_BYTES)
/** Bytes of a turn of the loops: four vectors. */
export const TURN_BYTES = 4 * VECTOR_BYTES
/** Elements of a turn: float32 numbers. */
export const TURN = TURN_BYTES / 4

/** Where things lie in the memory, in bytes. The tables have a vector for each set of lanes, by its bitmask. */
export const LAYOUT = {
  /** Vectors of counts, by lanes. */
  results: 0,
  /** The order of bytes that moves a set's lanes to the front. */
  packing: 64,
  /** All ones in a set's lanes. */
  lanes: 320,
  /** As `packing`, for lanes of 16 bits. */
  halfPacking: 1024,
  /** From here on the memory is the caller's. */
  free: 8192,
} as const

/** Magnitudes of one width: the instructions for their lanes. `shift`: 2^shift bytes are an element. */
const WIDTHS = {
  words: { ...i32x4, magnitude: MAGNITUDE, packing: LAYOUT.packing, shift: 2 },
  halves: { ...i16x8, magnitude: HALF_MAGNITUDE, packing: LAYOUT.halfPacking, shift: 1 },
} as const

const eachVector = (make: (offset: number) => readonly Code[]): Code => OFFSETS.flatMap((offset) => make(offset).flat())
const rowOf = (table: number, lanes: Variable): Code => v128.load(i32.shl(lanes, 4), table)
/** A lane that is true is -1. */
const count = (counter: Variable, lanes: Variable | Code): Code => set(counter, i32x4.sub(counter, lanes))

interface Scan { readonly width: keyof typeof WIDTHS, readonly collects: boolean, readonly zeros: boolean }

/**
 * Of the magnitudes from address `from` up to `to`, into `results`: how many are below `high`, the largest, how many are above `low`, and with `zeros` how many are 0; each lane
 * by itself. With `collects` those strictly between are written from `out` on instead of counting those above (and up to 16 bytes after them); `turns` has room for the addresses
 * of all turns. Gives the address after them. Lanes of 16 bits can count 32,767 vectors.
 */
const scan = ({ width, collects, zeros }: Scan) => func({
  params: ['from', 'to', 'low', 'high', 'out', 'turns'],
  ints: ['lanes', 'turn', 'end'],
  vectors: ['lows', 'highs', 'magnitudes', 'above', 'below', 'largest', 'none', 'x', 'isBelow', 'any'],
  body (v) {
    const { splat, gt, eq, sub, max, bitmask, magnitude, packing, shift } = WIDTHS[width]
    const tally = (counter: Variable, lanes: Variable | Code): Code => set(counter, sub(counter, lanes))
    const load = (from: Variable, offset: number) => [
      set(v.x, v128.and(v128.load(from, offset), v.magnitudes)),
      set(v.isBelow, gt(v.highs, v.x)),
    ]
    const isAbove = gt(v.x, v.lows)
    const inside = v128.and(isAbove, v.isBelow)
    // Which turns hold any is noted without a branch, since no processor could guess it.
    const note = sequence(i32.store(v.end, v.from), set(v.end, i32.add(v.end, i32.shl(v128.anyTrue(v.any), 2))))
    const collect = whileTrue(i32.ltU(v.turns, v.end),
      set(v.turn, i32.load(v.turns)),
      eachVector((offset) => [
        ...load(v.turn, offset),
        set(v.lanes, bitmask(inside)),
        v128.store(v.out, i8x16.swizzle(v.x, rowOf(packing, v.lanes))),
        set(v.out, i32.add(v.out, i32.shl(i32.popcnt(v.lanes), shift))),
      ]),
      set(v.turns, i32.add(v.turns, 4))
    )
    return sequence(
      set(v.lows, splat(v.low)),
      set(v.highs, splat(v.high)),
      set(v.magnitudes, splat(magnitude)),
      set(v.end, v.turns),
      doWhile(i32.ltU(v.from, v.to),
        collects ? set(v.any, v128.zero) : [],
        eachVector((offset) => [
          ...load(v.from, offset),
          set(v.largest, max(v.largest, v.x)),
          tally(v.below, v.isBelow),
          zeros ? tally(v.none, eq(v.x, v128.zero)) : [],
          collects ? set(v.any, v128.or(v.any, inside)) : tally(v.above, isAbove),
        ]),
        collects ? note : [],
        set(v.from, i32.add(v.from, TURN_BYTES))
      ),
      collects ? collect : [],
      [v.below, v.largest, v.above, v.none].flatMap((counter, index) => v128.store(LAYOUT.results, counter, index * VECTOR_BYTES)),
      value(v.out)
    )
  },
})

/**
 * Sets to +0 the values whose score's magnitude is below `limit`, and with `shares` the first `ties` of those equal to it. Scores lie from address `from`
 * up to `to`, values from `at` on; both may be the same, and are with `own`, where `limit` is above 0. Zeros before and after go into `results`. Gives
 * the ties that are left.
 */
const cut = ({ shares, own }: { readonly shares: boolean, readonly own: boolean }) => func({
  params: ['from', 'to', 'at', 'limit', 'ties'],
  ints: ['lanes'],
  vectors: ['limits', 'magnitudes', 'before', 'after', 'score', 'gone', 'tied', 'value', 'wasZero'],
  body (v) {
    const load = (offset: number) => [
      set(v.value, v128.load(v.at, offset)),
      set(v.wasZero, i32x4.eq(own ? v.score : v128.and(v.value, v.magnitudes), v128.zero)),
    ]
    const store = (offset: number) => v128.store(v.at, v128.andnot(v.value, v.gone), offset)
    // What was set to zero above is no tie now, whose score is its value: where it could be, at limit 0, nothing was.
    const share = eachVector((offset) => [
      set(v.lanes, i32x4.bitmask(i32x4.eq(v.limits, v128.and(v128.load(v.from, offset), v.magnitudes)))),
      whileTrue(i32.gtU(i32.popcnt(v.lanes), v.ties), set(v.lanes, i32.xor(v.lanes, i32.shrU(1 << 31, i32.clz(v.lanes))))),
      set(v.ties, i32.sub(v.ties, i32.popcnt(v.lanes))),
      set(v.gone, rowOf(LAYOUT.lanes, v.lanes)),
      ...load(offset),
      count(v.after, v128.andnot(v.gone, v.wasZero)),
      store(offset),
    ])
    return sequence(
      set(v.limits, i32x4.splat(v.limit)),
      set(v.magnitudes, i32x4.splat(MAGNITUDE)),
      doWhile(i32.ltU(v.from, v.to),
        shares ? set(v.tied, v128.zero) : [],
        eachVector((offset) => [
          set(v.score, v128.and(v128.load(v.from, offset), v.magnitudes)),
          set(v.gone, i32x4.gt(v.limits, v.score)),
          shares ? set(v.tied, v128.or(v.tied, i32x4.eq(v.limits, v.score))) : [],
          ...load(offset),
          count(v.before, v.wasZero),
          // A zero of its own score goes.
          count(v.after, own ? v.gone : v128.or(v.wasZero, v.gone)),
          store(offset),
        ]),
        shares ? when(v.ties, when(v128.anyTrue(v.tied), share)) : [],
        set(v.from, i32.add(v.from, TURN_BYTES)),
        set(v.at, i32.add(v.at, TURN_BYTES))
      ),
      [v.before, v.after].flatMap((counter, index) => v128.store(LAYOUT.results, counter, index * VECTOR_BYTES)),
      value(v.ties)
    )
  },
})

/** Sets to +0 the elements of 16 bits from address `from` up to `to` whose magnitude is below `limit`. */
const cutHalves = func({
  params: ['from', 'to', 'limit'],
  ints: [],
  vectors: ['limits', 'magnitudes', 'x'],
  body: (v) => sequence(
    set(v.limits, i16x8.splat(v.limit)),
    set(v.magnitudes, i16x8.splat(HALF_MAGNITUDE)),
    doWhile(i32.ltU(v.from, v.to),
      eachVector((offset) => [
        set(v.x, v128.load(v.from, offset)),
        v128.store(v.from, v128.andnot(v.x, i16x8.gt(v.limits, v128.and(v.x, v.magnitudes))), offset),
      ]),
      set(v.from, i32.add(v.from, TURN_BYTES))
    ),
    value(v.from)
  ),
})

/**
 * Adds the 32-bit words from address `from` up to `to` to 16 sums, and after each 16 words these sums to 16 sums of sums, so that the place of a word counts too: Fletcher's check sums of
 * 16 lanes, modulo 2^32. They are taken from `state` and left there. Source: Fletcher, An arithmetic checksum for serial transmissions, 1982.
 */
const sum = func({
  params: ['from', 'to', 'state'],
  ints: [],
  vectors: ['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3'],
  body (v) {
    const [sums, sumsOfSums] = [[v.a0, v.a1, v.a2, v.a3], [v.b0, v.b1, v.b2, v.b3]] as const
    const kept = [...sums, ...sumsOfSums].map((variable, index) => [variable, index * VECTOR_BYTES] as const)
    return sequence(
      kept.flatMap(([variable, offset]) => set(variable, v128.load(v.state, offset))),
      doWhile(i32.ltU(v.from, v.to),
        sums.flatMap((one, index) => set(one, i32x4.add(one, v128.load(v.from, OFFSETS[index]!)))),
        sumsOfSums.flatMap((one, index) => set(one, i32x4.add(one, sums[index]!))),
        set(v.from, i32.add(v.from, TURN_BYTES))
      ),
      kept.flatMap(([variable, offset]) => v128.store(v.state, variable, offset)),
      value(v.from)
    )
  },
})

/** Of float32 numbers: what is there without them, and the same with zeros counted, which the selection in memory does not need. */
const KERNELS = {
  count: scan({ width: 'words', collects: false, zeros: false }),
  collect: scan({ width: 'words', collects: true, zeros: false }),
  countZeros: scan({ width: 'words', collects: false, zeros: true }),
  collectZeros: scan({ width: 'words', collects: true, zeros: true }),
  countHalves: scan({ width: 'halves', collects: false, zeros: true }),
  collectHalves: scan({ width: 'halves', collects: true, zeros: true }),
  cutHalves,
  sum,
  share: cut({ shares: true, own: false }),
  cut: cut({ shares: false, own: false }),
  cutOwn: cut({ shares: false, own: true }),
}

export type Scanner = (from: number, to: number, low: number, high: number, out: number, turns: number) => number
/** Gives the ties that are left. */
export type Cutter = (from: number, to: number, at: number, limit: number, ties: number) => number

/** Addresses are in bytes; at least one turn is made. */
export interface Kernels {
  readonly count: Scanner
  readonly collect: Scanner
  readonly countZeros: Scanner
  readonly collectZeros: Scanner
  readonly countHalves: Scanner
  readonly collectHalves: Scanner
  cutHalves (from: number, to: number, limit: number): number
  sum (from: number, to: number, state: number): number
  /** With ties to share out. */
  readonly share: Cutter
  /** Without ties, of other scores. */
  readonly cut: Cutter
  /** Without ties, of values that are their own scores, with a limit above 0. */
  readonly cutOwn: Cutter
}

/** The kernels on a memory, whose tables are filled in. */
export function kernelsOn (memory: WebAssembly.Memory): Kernels {
  const bytes = new Uint8Array(memory.buffer)
  fillPacking(bytes, LAYOUT.packing, 4)
  fillPacking(bytes, LAYOUT.halfPacking, 8)
  for (let set = 0; set < 16; set++) {
    for (let lane = 0; lane < 4; lane++) if ((set >> lane & 1) === 1) bytes.fill(0xff, LAYOUT.lanes + set * VECTOR_BYTES + 4 * lane, LAYOUT.lanes + set * VECTOR_BYTES + 4 * lane + 4)
  }
  const module = new WebAssembly.Module(assemble(KERNELS))
  return new WebAssembly.Instance(module, { host: { memory } }).exports as unknown as Kernels
}

/** For each set of `count` lanes the bytes of its members, in order. */
function fillPacking (bytes: Uint8Array, table: number, count: number): void {
  const size = VECTOR_BYTES / count
  for (let set = 0; set < 1 << count; set++) {
    let at = table + set * VECTOR_BYTES
    for (let byte = 0; byte < VECTOR_BYTES; byte++) if ((set >> Math.floor(byte / size) & 1) === 1) bytes[at++] = byte
  }
}
