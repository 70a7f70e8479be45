/** How the values of a tensor are spread: zeros, ends, mean, deviation and a histogram whose range need not be known before the values come. */

/** Bins on each side of zero. Where the range doubled since it was chosen, at least half of them hold something or lie beside what does. */
export const HALF_BINS = 64

export interface Spread {
  /** The next values, in any pieces. */
  add (values: Float32Array): void
  figures (): SpreadFigures
}

/** Mean and deviation (of the population) are of all finite values, zeros too; null where there are none. */
export interface SpreadFigures {
  readonly weights: number
  readonly zeros: number
  /** NaN and infinities. */
  readonly notFinite: number
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  readonly std: number | null
  /** Values that are finite and not zero, by bin. */
  readonly bins: Bins | null
}

/** Bin `k` of `counts` is [(k - HALF_BINS) * w, (k - HALF_BINS + 1) * w) with w = 2^exponent / HALF_BINS: borders of all exponents are borders of the smaller ones. */
export interface Bins { readonly exponent: number, readonly counts: Float64Array }

/** Counts of two sets of values over the same bins, from the first that holds something to the last. */
export interface Histogram { readonly from: number, readonly width: number, readonly before: number[], readonly after: number[] }

export function createSpread (): Spread {
  let bins: Bins | null = null
  // Sums are of what is left of the first value, so that a mean far from zero does not swallow the deviation.
  let [weights, zeros, notFinite, min, max, origin, sum, squares] = [0, 0, 0, Infinity, -Infinity, NaN, 0, 0]

  function addFinite (values: Float32Array): void {
    if (values.length === 0) return
    if (Number.isNaN(origin)) origin = values[0]!
    const looked = look(values, origin)
    sum += looked.sum
    squares += looked.squares
    min = Math.min(min, looked.min)
    max = Math.max(max, looked.max)
    const largest = Math.max(-looked.min, looked.max)
    if (largest === 0) {
      zeros += values.length
      return
    }
    const exponent = Math.max(bins?.exponent ?? -Infinity, exponentAbove(largest))
    bins = bins === null ? { exponent, counts: new Float64Array(2 * HALF_BINS) } : widened(bins, exponent)
    const counted = countIn(values, exponent)
    for (let bin = 0; bin < 2 * HALF_BINS; bin++) bins.counts[bin]! += counted[bin]!
    zeros += counted[ZEROS]!
  }

  return {
    add (values) {
      weights += values.length
      if (isFinite(values)) return addFinite(values)
      const finite = values.filter((value) => value - value === 0)
      notFinite += values.length - finite.length
      addFinite(finite)
    },
    figures () {
      const finite = weights - notFinite
      if (finite === 0) return { weights, zeros, notFinite, min: null, max: null, mean: null, std: null, bins }
      const rest = sum / finite
      return { weights, zeros, notFinite, min, max, mean: origin + rest, std: Math.sqrt(Math.max(0, squares / finite - rest * rest)), bins }
    },
  }
}

// Loops of their own, without branches and with variables of their own: those that are shared with other functions are several times slower.
function look (values: Float32Array, origin: number): { min: number, max: number, sum: number, squares: number } {
  let [min, max] = [values[0]!, values[0]!]
  let [sum, squares] = [0, 0]
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    min = Math.min(min, value)
    max = Math.max(max, value)
    const rest = value - origin
    sum += rest
    squares += rest * rest
  }
  return { min, max, sum, squares }
}

/** The difference of a number and itself is 0, and NaN of all that are not finite. */
function isFinite (values: Float32Array): boolean {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]! - values[index]!
  return sum === 0
}

/** Where zeros are counted, behind the bins. */
const ZEROS = 2 * HALF_BINS

function countIn (values: Float32Array, exponent: number): Int32Array {
  const counts = new Int32Array(2 * HALF_BINS + 1)
  const scale = HALF_BINS / 2 ** exponent
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    counts[value === 0 ? ZEROS : Math.floor(value * scale) + HALF_BINS]!++
  }
  return counts
}

/** Of both over the same bins; null where neither holds anything. */
export function histogramOf (before: Bins | null, after: Bins | null): Histogram | null {
  const exponent = Math.max(before?.exponent ?? -Infinity, after?.exponent ?? -Infinity)
  if (exponent === -Infinity) return null
  const [given, made] = [before, after].map((bins) => bins === null ? new Float64Array(2 * HALF_BINS) : widened(bins, exponent).counts) as [Float64Array, Float64Array]
  const holds = (_: number, bin: number): boolean => given[bin]! + made[bin]! > 0
  const [first, last] = [given.findIndex(holds), given.findLastIndex(holds)]
  const width = 2 ** exponent / HALF_BINS
  const counts = (of: Float64Array): number[] => [...of.subarray(first, last + 1)]
  return { from: (first - HALF_BINS) * width, width, before: counts(given), after: counts(made) }
}

/** The smallest e with `value` below 2^e. */
function exponentAbove (value: number): number {
  let exponent = Math.ceil(Math.log2(value))
  while (2 ** exponent <= value) exponent++
  while (2 ** (exponent - 1) > value) exponent--
  return exponent
}

/** The same counts over a larger range: neighbours are put together. */
function widened ({ exponent: from, counts }: Bins, to: number): Bins {
  let narrow = counts
  for (let exponent = from; exponent < to; exponent++) {
    const wide = new Float64Array(2 * HALF_BINS)
    for (let bin = 0; bin < narrow.length; bin++) wide[Math.floor((bin - HALF_BINS) / 2) + HALF_BINS]! += narrow[bin]!
    narrow = wide
  }
  return { exponent: to, counts: narrow }
}
