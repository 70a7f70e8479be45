/** Where the magnitudes of activations are clipped, told by their histogram. */

/** Bins of equal width from 0 to the largest magnitude. */
export const BINS = 2048

/** Levels of magnitudes in int8. */
const LEVELS = 128

/** The magnitude that `percentile` percent of the values do not exceed, to a bin; `width`: of a bin. */
export function percentileClip (histogram: ArrayLike<number>, width: number, percentile: number): number {
  const counts = Array.from(histogram)
  const wanted = counts.reduce((sum, count) => sum + count, 0) * percentile / 100
  let sum = 0
  const at = counts.findIndex((count) => (sum += count) >= wanted && sum > 0)
  return (at < 0 ? counts.length : at + 1) * width
}

/**
 * The clip whose int8 form diverges least from the histogram: for every number of bins from 128 on, what lies beyond falls into the last of them, their form in 128
 * levels is spread over the bins that are not empty, and the Kullback-Leibler divergence of the two is taken. Source: S. Migacz, 8-bit Inference with TensorRT, 2017.
 */
export function entropyClip (histogram: ArrayLike<number>, width: number): number {
  const counts = Float64Array.from(histogram)
  // Zeros are exact whatever the clip is: as many as after relu they would hide all others.
  if (counts.length > 1) counts[0] = counts[1]!
  let [best, least] = [counts.length, Infinity]
  let beyond = counts.subarray(LEVELS).reduce((sum, count) => sum + count, 0)
  for (let bins = LEVELS; bins <= counts.length; bins++) {
    const divergence = divergenceAt(counts, bins, beyond)
    if (divergence < least) [best, least] = [bins, divergence]
    beyond -= counts[bins] ?? 0
  }
  return best * width
}

function divergenceAt (counts: Float64Array, bins: number, beyond: number): number {
  let inside = 0
  for (let bin = 0; bin < bins; bin++) inside += counts[bin]!
  const total = inside + beyond
  if (total === 0) return 0
  // No count is left to be spread over a bin that only gets what lies beyond.
  if (inside === 0 || (beyond > 0 && counts[bins - 1] === 0)) return Infinity
  let divergence = 0
  for (let level = 0; level < LEVELS; level++) {
    const [from, to] = [Math.floor(level * bins / LEVELS), Math.floor((level + 1) * bins / LEVELS)]
    let [sum, filled] = [0, 0]
    for (let bin = from; bin < to; bin++) {
      sum += counts[bin]!
      if (counts[bin]! > 0) filled++
    }
    for (let bin = from; bin < to; bin++) {
      if (counts[bin] === 0) continue
      const p = (counts[bin]! + (bin === bins - 1 ? beyond : 0)) / total
      divergence += p * Math.log(p / (sum / filled / inside))
    }
  }
  return divergence
}
