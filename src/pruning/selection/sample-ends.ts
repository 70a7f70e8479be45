/** Two ranks of a sample that are near each other, found together. */
import { FIRST_NOT_FINITE } from './cut-point.ts'
import { BIN_BITS } from './layout.ts'
import { binned, collect, lookAbout, type Bracket } from './loops.ts'

/** So few are sorted. */
const FEW = 64
/** Of magnitudes; the largest of them is a NaN. */
const BITS = 31
const LARGEST = 2 ** BITS - 1

/** The magnitudes of ranks `first` and `last` (0 <= first <= last < length) of a sample of magnitudes, NaN being the largest. */
export function endsOf (sample: Int32Array, first: number, last: number): Bracket {
  let [values, from, below, bits] = [sample, 0, 0, BITS]
  while (values.length > FEW && bits > 0) {
    const shift = Math.max(0, bits - BIN_BITS)
    const bins = binned(values, from, shift)
    let [bin, before] = [0, below]
    while (first - before >= bins[bin]!) before += bins[bin++]!
    let [end, length] = [bin, 0]
    while (last - before >= length) length += bins[end++]!
    const width = 2 ** shift
    const inner = { low: from + bin * width - 1, high: from + end * width }
    // Where they are far apart nothing is gained.
    if (2 * length > values.length || inner.high > LARGEST) break
    values = collect(values, inner, length)
    from += bin * width
    below = before
    bits = Math.ceil(Math.log2(end - bin)) + shift
  }
  const near = (values === sample ? values.slice() : values).sort()
  return { low: near[first - below]!, high: near[last - below]! }
}

/** The bracket that holds whole upper halves, those of `low` and `high` and all in between; and how many of a sample are inside. */
export function alignedAbout (sample: Int32Array, { low, high }: Bracket): Bracket & { readonly inside: number } {
  const aligned = { low: (low | 0xffff) - 0x10000, high: Math.min((high | 0xffff) + 1, FIRST_NOT_FINITE) }
  const { upToLow, belowHigh } = lookAbout(sample, aligned, null)!
  return { ...aligned, inside: belowHigh - upToLow }
}
