/** The loops that make a cut, in WebAssembly SIMD, 64 bytes at a time. */
import { doWhile, func, i16x8, i32, i32x4, sequence, set, v128, value, when, whileTrue, type Code, type Func, type Variable } from './assembler.ts'
import { HALF_MAGNITUDE, MAGNITUDE } from './cut-point.ts'
import { LAYOUT, TURN_BYTES, VECTOR_BYTES } from './layout.ts'

const OFFSETS = [0, 1, 2, 3].map((vector) => vector * VECTOR_BYTES)
const eachVector = (make: (offset: number) => readonly Code[]): Code => OFFSETS.flatMap((offset) => make(offset).flat())
/** A lane that is true is -1. */
const count = (counter: Variable, lanes: Variable | Code): Code => set(counter, i32x4.sub(counter, lanes))

/**
 * Sets to +0 the values whose score's magnitude is below `limit`, and with `shares` the first `ties` of those equal to it. Scores lie from address `from`
 * up to `to`, values from `at` on; both may be the same, and are with `own`, where `limit` is above 0. Zeros before and after go into `results`. Gives
 * the ties that are left.
 */
const cut = ({ shares, own }: { readonly shares: boolean, readonly own: boolean }): Func => func({
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
      set(v.gone, v128.load(i32.shl(v.lanes, 4), LAYOUT.lanes)),
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

/** Sets to +0 the values from address `from` up to `to` whose magnitude is below `limit`, which is above 0. How many go is counted; of zeros before it only tells the least magnitude. */
const clear = func({
  params: ['from', 'to', 'limit'],
  ints: [],
  vectors: ['limits', 'magnitudes', 'least', 'after', 'value', 'score', 'gone'],
  body: (v) => sequence(
    set(v.limits, i32x4.splat(v.limit)),
    set(v.magnitudes, i32x4.splat(MAGNITUDE)),
    set(v.least, v.magnitudes),
    doWhile(i32.ltU(v.from, v.to),
      eachVector((offset) => [
        set(v.value, v128.load(v.from, offset)),
        set(v.score, v128.and(v.value, v.magnitudes)),
        set(v.gone, i32x4.gt(v.limits, v.score)),
        set(v.least, i32x4.min(v.least, v.score)),
        count(v.after, v.gone),
        v128.store(v.from, v128.andnot(v.value, v.gone), offset),
      ]),
      set(v.from, i32.add(v.from, TURN_BYTES))
    ),
    [v.least, v.after].flatMap((lanes, index) => v128.store(LAYOUT.results, lanes, index * VECTOR_BYTES)),
    value(v.from)
  ),
})

/** Sets to +0 the elements of 16 bits from address `from` up to `to` whose magnitude is below `limit`. */
const clearHalves = func({
  params: ['from', 'to', 'limit'],
  ints: [],
  vectors: ['limits', 'magnitudes', 'value'],
  body: (v) => sequence(
    set(v.limits, i16x8.splat(v.limit)),
    set(v.magnitudes, i16x8.splat(HALF_MAGNITUDE)),
    doWhile(i32.ltU(v.from, v.to),
      eachVector((offset) => [
        set(v.value, v128.load(v.from, offset)),
        v128.store(v.from, v128.andnot(v.value, i16x8.gt(v.limits, v128.and(v.value, v.magnitudes))), offset),
      ]),
      set(v.from, i32.add(v.from, TURN_BYTES))
    ),
    value(v.from)
  ),
})

export const CUTS = {
  share: cut({ shares: true, own: false }),
  cut: cut({ shares: false, own: false }),
  cutOwn: cut({ shares: false, own: true }),
  clear,
  clearHalves,
} as const
