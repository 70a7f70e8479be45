/** Which of the kept magnitudes has a rank, and how many are equal to it: some counts in SIMD, each between two magnitudes that are nearer to it. */
import { lookAbout } from '../selection/loops.ts'
import type { Bracket, Kept } from './elements.ts'

/** How many are up to `low` and below `high`. */
interface Near { readonly upToLow: number, readonly belowHigh: number }

/** The share of a range that is looked at on both sides of where the rank should lie, were all magnitudes in it as frequent. */
const ASIDE = 1 / 32

/** The magnitude of rank `rank` (from 0) of `kept`, whose magnitudes lie in the bracket, and its rank among those equal to it. */
export function kth (kept: readonly Kept[], rank: number, { from, to }: Bracket): { bits: number, rest: number } {
  // It lies strictly between `low`, up to which there are `below`, and `high`, below which there are `end`.
  let [low, high, below, end] = [from - 1, to, 0, near(kept, from - 1, to).belowHigh]
  let halves = false
  while (high - low > 2) {
    const span = high - low
    const share = halves ? 0.5 : (rank - below + 0.5) / (end - below)
    const a = Math.max(low, Math.min(high - 2, Math.floor(low + span * (share - ASIDE))))
    const b = Math.min(high, Math.max(a + 2, Math.ceil(low + span * (share + ASIDE))))
    const { upToLow, belowHigh } = near(kept, a, b)
    if (rank < upToLow) [high, end] = [a + 1, upToLow]
    else if (rank >= belowHigh) [low, below] = [b - 1, belowHigh]
    else [low, high, below, end] = [a, b, upToLow, belowHigh]
    // Where they crowd in one place, halving it finds them sooner.
    halves = 2 * (high - low) > span
  }
  return { bits: low + 1, rest: rank - below }
}

/** Of `kept`, those below a magnitude and those equal to it. */
export function countsAbout (kept: readonly Kept[], bits: number): { less: number, equal: number } {
  const { upToLow, belowHigh } = near(kept, bits - 1, bits + 1)
  return { less: upToLow, equal: belowHigh - upToLow }
}

function near (all: readonly Kept[], low: number, high: number): Near {
  let [upToLow, belowHigh] = [0, 0]
  for (const { bits, counts } of all) {
    const found = counts === undefined ? lookAbout(bits, { low, high }, null)! : countedNear(bits, counts, low, high)
    upToLow += found.upToLow
    belowHigh += found.belowHigh
  }
  return { upToLow, belowHigh }
}

function countedNear (bits: Int32Array, counts: ArrayLike<number>, low: number, high: number): Near {
  let [upToLow, belowHigh] = [0, 0]
  for (let index = 0; index < bits.length; index++) {
    if (bits[index]! <= low) upToLow += counts[index]!
    if (bits[index]! < high) belowHigh += counts[index]!
  }
  return { upToLow, belowHigh }
}
