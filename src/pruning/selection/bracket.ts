/** A narrow bracket about the magnitude of a rank, guessed from a sample. */
import { uniformAt } from '../draws.ts'
import { FIRST_NOT_FINITE, MAGNITUDE } from './cut-point.ts'
import { widened, type Halves } from './halves.ts'
import type { Bracket } from './loops.ts'
import { alignedAbout, endsOf } from './sample-ends.ts'

/** Tensors by their bits. */
export type Part = Int32Array | Halves

export interface Guess extends Bracket {
  /** Room for what will be in it, unless the guess is wrong; 0 when it is of one magnitude, and nothing is to be collected. */
  readonly room: number
}

/** All of fewer elements are looked at. */
const SMALL = 4096
/** With so many for total^(2/3) elements, what samples cost and what there is to do within the bracket are in balance. */
const SAMPLES = 0.3
/** Whole upper halves may hold so many times what the ends themselves hold. */
const WIDENING = 1.5

/** Magnitudes of some elements, one of each of as many equal stretches at random: the same ones every time. Null: there are too few to guess from. */
export function sampleOf (parts: readonly Part[], total: number): Int32Array | null {
  if (total <= SMALL) return null
  const sample = new Int32Array(Math.ceil(SAMPLES * total ** (2 / 3)))
  const stretch = total / sample.length
  let [taken, begin] = [0, 0]
  for (const part of parts) {
    const end = begin + lengthOf(part)
    taken = part instanceof Int32Array
      ? takeFrom(part, sample, { taken, begin, end, stretch })
      : takeFromHalves(part, sample, { taken, begin, end, stretch })
    begin = end
  }
  return sample
}

/** Samples that were taken before, and where a part begins and ends among all elements. */
interface Progress { readonly taken: number, readonly begin: number, readonly end: number, readonly stretch: number }

const place = (index: number, stretch: number): number => Math.floor((index + uniformAt(0, index)) * stretch)

function takeFrom (bits: Int32Array, sample: Int32Array, { taken, begin, end, stretch }: Progress): number {
  for (let at; taken < sample.length && (at = place(taken, stretch)) < end; taken++) sample[taken] = bits[at - begin]! & MAGNITUDE
  return taken
}

function takeFromHalves ({ type, bits }: Halves, sample: Int32Array, { taken, begin, end, stretch }: Progress): number {
  for (let at; taken < sample.length && (at = place(taken, stretch)) < end; taken++) sample[taken] = widened(type, bits[at - begin]!)
  return taken
}

/**
 * A bracket that holds the magnitude of rank `rank` of `total` strictly inside, unless it lies more standard deviations of a sample's rank away than
 * `deviations`, or is one that many share and stands at an end. It is widened to whole upper halves, which can be looked at faster, where that takes
 * in little more.
 */
export function guessBracket (sample: Int32Array | null, total: number, rank: number, deviations: number): Guess {
  if (sample === null) return { low: -1, high: FIRST_NOT_FINITE, room: total }
  const share = (rank + 0.5) / total
  const half = deviations * Math.sqrt(share * (1 - share) * sample.length) + 1
  const [first, last] = [Math.floor(share * sample.length - half), Math.ceil(share * sample.length + half)]
  const found = endsOf(sample, Math.max(first, 0), Math.min(last, sample.length - 1))
  const ends = { low: first < 0 ? -1 : found.low, high: last < sample.length ? found.high : FIRST_NOT_FINITE }
  if (ends.low === ends.high) return { low: ends.low - 1, high: ends.high + 1, room: 0 }
  const { inside, ...aligned } = alignedAbout(sample, ends)
  const isNarrow = inside <= WIDENING * (last - first)
  const expected = (isNarrow ? Math.max(inside, last - first) : last - first) / sample.length * total
  return { ...isNarrow ? aligned : ends, room: Math.min(total, Math.ceil(2 * expected)) }
}

export function lengthOf (part: Part): number {
  return part instanceof Int32Array ? part.length : part.bits.length
}
