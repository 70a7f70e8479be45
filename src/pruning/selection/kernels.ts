/** The loops over magnitudes in WebAssembly SIMD, 16 at a time: counting and collecting about a bracket, and making a cut. */
import { assemble, doWhile, func, i32, i32x4, i8x16, sequence, set, v128, value, when, whileTrue, type Code, type Variable } from './assembler.ts'
import { MAGNITUDE } from './cut-point.ts'

/** Elements of a turn of the loops: four vectors of four. */
export const TURN = 16
const VECTOR_BYTES = 16
const TURN_BYTES = 4 * TURN
const OFFSETS = [0, 1, 2, 3].map((vector) => vector * VECTOR_BYTES)

/** Where things lie in the memory, in bytes. The tables have a vector for each set of lanes, by its bitmask. */
export const LAYOUT = {
  /** Vectors of counts, by lanes. */
  results: 0,
  /** The order of bytes that moves a set's lanes to the front. */
  packing: 64,
  /** All ones in a set's lanes. */
  lanes: 320,
  /** From here on the memory is the caller's. */
  free: 1024,
} as const

const eachVector = (make: (offset: number) => readonly Code[]): Code => OFFSETS.flatMap((offset) => make(offset).flat())
const rowOf = (table: number, lanes: Variable): Code => v128.load(i32.shl(lanes, 4), table)
/** A lane that is true is -1. */
const count = (counter: Variable, lanes: Variable | Code): Code => set(counter, i32x4.sub(counter, lanes))

/**
 * Of the magnitudes from address `from` up to `to`, into `results`: how many are below `high`, the largest, and how many are above `low`. With `collects`
 * those strictly between are written from `out` on instead (and up to 16 bytes after them); `turns` has room for the addresses of all turns. Gives the
 * address after them.
 */
const scan = (collects: boolean) => func({
  params: ['from', 'to', 'low', 'high', 'out', 'turns'],
  ints: ['lanes', 'turn', 'end'],
  vectors: ['lows', 'highs', 'magnitudes', 'above', 'below', 'largest', 'x', 'isBelow', 'any'],
  body (v) {
    const load = (from: Variable, offset: number) => [
      set(v.x, v128.and(v128.load(from, offset), v.magnitudes)),
      set(v.isBelow, i32x4.gt(v.highs, v.x)),
    ]
    const isAbove = i32x4.gt(v.x, v.lows)
    const inside = v128.and(isAbove, v.isBelow)
    // Which turns hold any is noted without a branch, since no processor could guess it.
    const note = sequence(i32.store(v.end, v.from), set(v.end, i32.add(v.end, i32.shl(v128.anyTrue(v.any), 2))))
    const collect = whileTrue(i32.ltU(v.turns, v.end),
      set(v.turn, i32.load(v.turns)),
      eachVector((offset) => [
        ...load(v.turn, offset),
        set(v.lanes, i32x4.bitmask(inside)),
        v128.store(v.out, i8x16.swizzle(v.x, rowOf(LAYOUT.packing, v.lanes))),
        set(v.out, i32.add(v.out, i32.shl(i32.popcnt(v.lanes), 2))),
      ]),
      set(v.turns, i32.add(v.turns, 4))
    )
    return sequence(
      set(v.lows, i32x4.splat(v.low)),
      set(v.highs, i32x4.splat(v.high)),
      set(v.magnitudes, i32x4.splat(MAGNITUDE)),
      set(v.end, v.turns),
      doWhile(i32.ltU(v.from, v.to),
        collects ? set(v.any, v128.zero) : [],
        eachVector((offset) => [
          ...load(v.from, offset),
          set(v.largest, i32x4.max(v.largest, v.x)),
          count(v.below, v.isBelow),
          collects ? set(v.any, v128.or(v.any, inside)) : count(v.above, isAbove),
        ]),
        collects ? note : [],
        set(v.from, i32.add(v.from, TURN_BYTES))
      ),
      collects ? collect : [],
      [v.below, v.largest, v.above].flatMap((counter, index) => v128.store(LAYOUT.results, counter, index * VECTOR_BYTES)),
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

/** Addresses are in bytes; at least one turn is made. */
export interface Kernels {
  count (from: number, to: number, low: number, high: number, out: number, turns: number): number
  collect (from: number, to: number, low: number, high: number, out: number, turns: number): number
  /** With ties to share out. */
  share (from: number, to: number, at: number, limit: number, ties: number): number
  /** Without ties, of other scores. */
  cut (from: number, to: number, at: number, limit: number, ties: number): number
  /** Without ties, of values that are their own scores, with a limit above 0. */
  cutOwn (from: number, to: number, at: number, limit: number, ties: number): number
}

/** The kernels on a memory, whose tables are filled in. */
export function kernelsOn (memory: WebAssembly.Memory): Kernels {
  const [bytes, words] = [new Uint8Array(memory.buffer), new Int32Array(memory.buffer)]
  for (let set = 0; set < 16; set++) {
    const members = [0, 1, 2, 3].filter((lane) => (set >> lane & 1) === 1)
    for (const lane of members) words[LAYOUT.lanes / 4 + set * 4 + lane] = -1
    bytes.set(members.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)), LAYOUT.packing + set * VECTOR_BYTES)
  }
  const module = new WebAssembly.Module(assemble({
    count: scan(false),
    collect: scan(true),
    share: cut({ shares: true, own: false }),
    cut: cut({ shares: false, own: false }),
    cutOwn: cut({ shares: false, own: true }),
  }))
  return new WebAssembly.Instance(module, { host: { memory } }).exports as unknown as Kernels
}
