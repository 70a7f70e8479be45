/** Which of many integers has a rank: bin by bin the range that holds it is narrowed, so that time is in proportion to their number whatever they are. */
import { NOTHING_KNOWN, type Known } from './halves.ts'
import { BIN_BITS } from './layout.ts'
import { binned, collect, type Bracket } from './loops.ts'

/** An integer with how many are less and how many are equal to it. */
export interface Placed { readonly bits: number, readonly below: number, readonly equal: number }

/** Of the integers strictly inside a bracket in `values` and `known` together, the one of rank `rank`, which counts from 0 and is less than their number. */
export function placeOf (values: Int32Array, rank: number, bracket: Bracket, known: Known = NOTHING_KNOWN): Placed {
  let [low, high, below] = [bracket.low + 1, bracket.high - 1, 0]
  for (;;) {
    const shift = Math.max(0, 32 - Math.clz32(high - low) - BIN_BITS)
    const own = binned(values, low, shift)
    const bins = known.bits.length === 0 ? own : withKnown(own, known, { low, high, shift })
    let bin = 0
    while (rank - below >= bins[bin]!) below += bins[bin++]!
    low += bin << shift
    high = Math.min(high, low + (1 << shift) - 1)
    if (shift === 0) return { bits: low, below, equal: bins[bin]! }
    values = collect(values, { low: low - 1, high: high + 1 }, own[bin]!)
  }
}

function withKnown (own: Int32Array, { bits, counts }: Known, { low, high, shift }: { readonly low: number, readonly high: number, readonly shift: number }): Float64Array {
  const bins = new Float64Array(own)
  for (let index = 0; index < bits.length; index++) {
    const one = bits[index]!
    if (one >= low && one <= high) bins[one - low >>> shift]! += counts[index]!
  }
  return bins
}
