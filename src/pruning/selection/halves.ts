/** Magnitudes of 16 bits, ranked among those of float32 without being widened: each has one of 32,768 bit patterns. */
import { HALF_MAGNITUDE } from './cut-point.ts'
import type { Made } from './make-cut.ts'
import { createTally, type Tally } from './tally.ts'

/** A tensor of float16 or bfloat16 by its bit patterns. */
export interface Halves { readonly type: HalfType, readonly bits: Uint16Array }
export type HalfType = keyof typeof WIDENED

/** Magnitudes with how often each occurs, each once and ascending, by float32 bits. */
export interface Known { readonly bits: Int32Array, readonly counts: Float64Array }

export const NOTHING_KNOWN: Known = { bits: new Int32Array(0), counts: new Float64Array(0) }

const PATTERNS = 1 << 15

/** The float32 bits of a magnitude's pattern; both rise together. */
const WIDENED = { F16: widenFloat16, BF16: (pattern: number): number => pattern << 16 } as const satisfies Record<string, (pattern: number) => number>

export function widened (type: HalfType, pattern: number): number {
  return WIDENED[type](pattern & HALF_MAGNITUDE)
}

/** 5 bits of exponent with bias 15, 10 of fraction. Source: IEEE 754-2019, 3.4. */
function widenFloat16 (pattern: number): number {
  const [exponent, fraction] = [pattern >>> 10, pattern & 0x3ff]
  if (exponent === 31) return 0x7f800000 | fraction << 13
  if (exponent > 0) return exponent + 112 << 23 | fraction << 13
  if (fraction === 0) return 0
  // A subnormal number, fraction * 2^-24, is a normal one of float32.
  const leading = 31 - Math.clz32(fraction)
  return leading + 103 << 23 | (fraction << 23 - leading & 0x7fffff)
}

/** Counts of the patterns of any number of tensors. */
export function createHalfTally (): { add (halves: Halves): void, known (): Known } {
  const tallies = new Map<HalfType, Tally>()
  return {
    add ({ type, bits }) {
      const tally = tallies.get(type) ?? createTally(PATTERNS)
      tallies.set(type, tally)
      const [a, b] = tally.room(bits.length)
      const even = bits.length - bits.length % 2
      for (let index = 0; index < even; index += 2) {
        a[bits[index]! & HALF_MAGNITUDE]!++
        b[bits[index + 1]! & HALF_MAGNITUDE]!++
      }
      if (even < bits.length) a[bits[even]! & HALF_MAGNITUDE]!++
    },
    known: () => [...tallies].map(([type, tally]) => occurring(type, tally.totals())).reduce(merged, NOTHING_KNOWN),
  }
}

/** The patterns that occur. */
function occurring (type: HalfType, totals: Float64Array): Known {
  const known = { bits: new Int32Array(PATTERNS), counts: new Float64Array(PATTERNS) }
  let length = 0
  for (let pattern = 0; pattern < PATTERNS; pattern++) {
    if (totals[pattern] === 0) continue
    known.bits[length] = widened(type, pattern)
    known.counts[length++] = totals[pattern]!
  }
  return { bits: known.bits.subarray(0, length), counts: known.counts.subarray(0, length) }
}

function merged (a: Known, b: Known): Known {
  const both = { bits: new Int32Array(a.bits.length + b.bits.length), counts: new Float64Array(a.bits.length + b.bits.length) }
  let [length, atA, atB] = [0, 0, 0]
  while (atA < a.bits.length || atB < b.bits.length) {
    const bits = Math.min(a.bits[atA] ?? Infinity, b.bits[atB] ?? Infinity)
    both.bits[length] = bits
    if (a.bits[atA] === bits) both.counts[length]! += a.counts[atA++]!
    if (b.bits[atB] === bits) both.counts[length]! += b.counts[atB++]!
    length++
  }
  return { bits: both.bits.subarray(0, length), counts: both.counts.subarray(0, length) }
}

/** How many of these are below a magnitude. */
export function countBelow ({ bits, counts }: Known, limit: number): number {
  let below = 0
  for (let index = 0; index < bits.length && bits[index]! < limit; index++) below += counts[index]!
  return below
}

/** As makeCut does it, for values that are their own scores; `limit` is in float32 bits. */
export function cutHalves ({ type, bits }: Halves, limit: number, ties: number): Made {
  const first = firstPattern(type, limit)
  const tied = widened(type, first) === limit ? first : -1
  let [left, zerosBefore, zeros] = [ties, 0, 0]
  for (let index = 0; index < bits.length; index++) {
    const value = bits[index]!
    const magnitude = value & HALF_MAGNITUDE
    let gone = (magnitude - first) >> 31
    if (magnitude === tied && left > 0) {
      left--
      gone = -1
    }
    const after = value & ~gone
    bits[index] = after
    zerosBefore += (magnitude - 1) >>> 31
    zeros += ((after & HALF_MAGNITUDE) - 1) >>> 31
  }
  return { ties: ties - left, zerosBefore, zeros }
}

/** The first pattern that is not below `limit`; the number of patterns where all are. */
function firstPattern (type: HalfType, limit: number): number {
  let [low, high] = [0, PATTERNS]
  while (low < high) {
    const middle = low + high >> 1
    if (widened(type, middle) < limit) low = middle + 1
    else high = middle
  }
  return low
}
