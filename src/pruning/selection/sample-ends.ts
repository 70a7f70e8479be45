/** Two ranks of a sample that are near each other, found together. */
import { FIRST_NOT_FINITE } from './cut-point.ts'

const BIN_BITS = 10
const bins = new Int32Array(1 << BIN_BITS)
/** So few are sorted. */
const FEW = 64

export interface Ends { readonly low: number, readonly high: number }

/** The magnitudes of ranks `first` and `last` (0 <= first <= last < length) of a sample of magnitudes, NaN being the largest. */
export function endsOf (sample: Int32Array, first: number, last: number): Ends {
  let [values, from, below, bits] = [sample, 0, 0, 31]
  while (values.length > FEW && bits > BIN_BITS) {
    const shift = bits - BIN_BITS
    const width = 2 ** shift
    bins.fill(0)
    for (let index = 0; index < values.length; index++) bins[values[index]! - from >> shift]!++
    let [bin, end, length] = [0, 0, 0]
    while (first - below >= bins[bin]!) below += bins[bin++]!
    for (end = bin; last - below >= length; end++) length += bins[end]!
    // Where they are far apart nothing is gained.
    if (2 * length > values.length) break
    values = between(values, from + bin * width, from + end * width - 1, length)
    from += bin * width
    bits = Math.ceil(Math.log2(end - bin)) + shift
  }
  const near = values === sample ? values.slice().sort() : values.sort()
  return { low: near[first - below]!, high: near[last - below]! }
}

function between (values: Int32Array, from: number, to: number, length: number): Int32Array {
  const kept = new Int32Array(length)
  let at = 0
  for (let index = 0; index < values.length; index++) {
    const one = values[index]!
    if (one >= from && one <= to) kept[at++] = one
  }
  return kept
}

/** The bracket that holds whole upper halves, those of `low` and `high` and all in between; and how many of the sample are inside. */
export function alignedAbout (sample: Int32Array, { low, high }: Ends): Ends & { readonly inside: number } {
  const aligned = { low: (low | 0xffff) - 0x10000, high: Math.min((high | 0xffff) + 1, FIRST_NOT_FINITE) }
  let inside = 0
  for (let index = 0; index < sample.length; index++) if (sample[index]! > aligned.low && sample[index]! < aligned.high) inside++
  return { ...aligned, inside }
}
