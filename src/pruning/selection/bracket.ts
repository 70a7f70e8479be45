/** A narrow bracket about the magnitude of a rank, guessed from a sample. */
import { uniformAt } from '../draws.ts'
import { FIRST_NOT_FINITE, MAGNITUDE } from './cut-point.ts'
import { widened, type Halves } from './halves.ts'
import type { Bracket } from './loops.ts'
import { placeOf } from './narrow.ts'

/** Tensors by their bits. */
export type Part = Int32Array | Halves

export interface Guess extends Bracket {
  /** Room for what will be in it, unless the guess is wrong. */
  readonly room: number
}

/** NaN too, which is told later. */
const ALL = { low: -1, high: 2 ** 31 } as const
/** All of fewer elements are looked at. */
const SMALL = 4096
/** Standard deviations of the sample's ranks between the guess and either end: one guess in some 4,000 is wrong. */
const DEVIATIONS = 3.7
/** What a sampled element costs, and what one in the bracket does, are in balance with so many samples for total^(2/3) elements. */
const SAMPLES = 0.4

/** Strictly inside it is the magnitude of rank `rank` of `total`, as good as always. One that many share may stand at either end. */
export function guessBracket (parts: readonly Part[], total: number, rank: number): Guess {
  if (total <= SMALL) return { low: -1, high: FIRST_NOT_FINITE, room: total }
  const sample = sampleOf(parts, total, Math.ceil(SAMPLES * total ** (2 / 3)))
  const share = (rank + 0.5) / total
  const half = DEVIATIONS * Math.sqrt(share * (1 - share) * sample.length) + 1
  const [first, last] = [Math.floor(share * sample.length - half), Math.ceil(share * sample.length + half)]
  const low = first < 0 ? -1 : placeOf(sample, first, ALL).bits
  const high = last >= sample.length ? FIRST_NOT_FINITE : placeOf(sample, last, ALL).bits
  // When both are one, it is taken for the magnitude itself, and nothing is to be collected.
  return low === high ? { low: low - 1, high: high + 1, room: 0 } : { low, high, room: Math.ceil(2 * (last - first) / sample.length * total) }
}

/** One of each of `size` equal stretches, at random: the same ones every time. */
function sampleOf (parts: readonly Part[], total: number, size: number): Int32Array {
  const sample = new Int32Array(size)
  let [part, begin] = [0, 0]
  for (let index = 0; index < size; index++) {
    const position = Math.floor((index + uniformAt(size, index)) / size * total)
    while (position - begin >= lengthOf(parts[part]!)) begin += lengthOf(parts[part++]!)
    const one = parts[part]!
    sample[index] = one instanceof Int32Array ? one[position - begin]! & MAGNITUDE : widened(one.type, one.bits[position - begin]!)
  }
  return sample
}

export function lengthOf (part: Part): number {
  return part instanceof Int32Array ? part.length : part.bits.length
}
