/** Two ranks of a sample that are near each other, found together. */

/** Numbers with the same upper bits are counted together: eight bins for each power of two. */
const SHIFT = 20
const BINS = 1 << 31 - SHIFT

export interface Ends {
  readonly low: number
  readonly high: number
  /** Bracket ends just outside of all magnitudes that share their upper half with one of `low` to `high`, and how many of the sample are inside. */
  readonly aligned: { readonly low: number, readonly high: number, readonly inside: number }
}

const bins = new Int32Array(BINS)

/** The magnitudes of ranks `first` and `last` (0 <= first <= last < length) of a sample of magnitudes. */
export function endsOf (sample: Int32Array, first: number, last: number): Ends {
  bins.fill(0)
  for (let index = 0; index < sample.length; index++) bins[sample[index]! >> SHIFT]!++
  let [bin, below] = [0, 0]
  while (first - below >= bins[bin]!) below += bins[bin++]!
  let [end, length] = [bin, 0]
  while (last - below >= length) length += bins[end++]!
  const near = new Int32Array(length)
  let at = 0
  for (let index = 0; index < sample.length; index++) {
    const one = sample[index]!
    if (one >> SHIFT >= bin && one >> SHIFT < end) near[at++] = one
  }
  near.sort()
  const [low, high] = [near[first - below]!, near[last - below]!]
  const aligned = { low: (low | 0xffff) - 0x10000, high: (high | 0xffff) + 1 }
  return { low, high, aligned: { ...aligned, inside: placeIn(near, aligned.high) - placeIn(near, aligned.low + 1) } }
}

/** How many of ascending numbers are below another. */
function placeIn (ascending: Int32Array, limit: number): number {
  let [from, to] = [0, ascending.length]
  while (from < to) {
    const middle = from + to >> 1
    if (ascending[middle]! < limit) from = middle + 1
    else to = middle
  }
  return from
}
