/** The exact cut of a pool that is not held: mostly one reading, which keeps what lies near the place where a sample says the cut is. */
import type { Cut } from '../select.ts'
import { ALL, byAllBits, byUpperBits, guessed, type Sampling } from './brackets.ts'
import { keeps, type Bracket, type Tally } from './elements.ts'
import { countsAbout, kth } from './kth.ts'
import { tallyOf, type StreamedTensor } from './tensor.ts'

/** What a tensor has of the cut. */
export interface CutCounts {
  readonly zerosBefore: number
  /** Below the cut, and equal to it. */
  readonly less: number
  readonly equal: number
  /** Where those equal to it lie, as far as that was noted: in these elements so many, from front to back. */
  readonly places?: readonly Place[]
}

export interface Place { readonly first: number, readonly length: number, readonly equal: number }

export interface StreamedCut {
  /** Null where none is asked for. */
  readonly cut: Cut | null
  readonly counts: readonly CutCounts[]
}

export interface FindOptions {
  /** Magnitudes that are kept while a pool is read; smaller pools need no sample. */
  readonly room?: number
  readonly sampling?: Pick<Sampling, 'runs' | 'length'>
}

/** 128 MB. */
const ROOM = 2 ** 25
/** 16 MB. */
const APART = 2 ** 21
const SAMPLING = { runs: 1024, length: 512 }
/** Neighbours in a tensor are alike, so that a sample tells less than its size says. */
const MARGIN = 0.01
/** Of the room, so that more magnitudes than expected still fit. */
const ROOM_SHARE = 0.35

const NOTHING: Bracket = { from: 1, to: 1 }

/**
 * The cut that takes exactly the `count` smallest magnitudes, as `findCut` finds it, and what each tensor has of it. A guess that misses costs further readings, never exactness. Throws
 * `invalid-model` for what is NaN or infinite.
 */
export async function findStreamedCut (tensors: readonly StreamedTensor[], count: number, { room = ROOM, sampling = SAMPLING }: FindOptions = {}): Promise<StreamedCut> {
  const total = tensors.reduce((sum, { weights }) => sum + weights, 0)
  const within = async (bracket: Bracket): Promise<StreamedCut | null> => {
    const left = { left: room, apart: APART }
    const tallies: Tally[] = []
    for (const tensor of tensors) tallies.push(await tallyOf(tensor, bracket, left))
    return cutWithin(tallies, bracket, count)
  }
  if (count === 0) return (await within(NOTHING))!
  if (total <= room) return (await within(ALL))!
  if (tensors.every(({ at }) => at !== undefined)) {
    const margin = Math.min(MARGIN, ROOM_SHARE * room / total)
    const found = await within(await guessed(tensors, count, total, { ...sampling, margin }))
    if (found !== null) return found
  }
  const bracket = await byUpperBits(tensors, count)
  return await within(bracket) ?? (await within(await byAllBits(tensors, count, bracket)))!
}

/** Null when the cut lies outside of the bracket, or inside where nothing was kept. */
function cutWithin (tallies: readonly Tally[], bracket: Bracket, count: number): StreamedCut | null {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0)
  if (count === 0) return { cut: null, counts: tallies.map(({ zeros }) => ({ zerosBefore: zeros, less: 0, equal: 0 })) }
  if (count <= sum(({ zeros }) => zeros)) {
    return { cut: { bits: 0, magnitude: 0, ties: count }, counts: tallies.map(({ zeros }) => ({ zerosBefore: zeros, less: 0, equal: zeros })) }
  }
  const rank = count - 1 - sum(({ below }) => below)
  if (rank < 0 || rank >= sum(({ inside }) => inside)) return null
  if (!keeps(bracket)) {
    return { cut: cutAt(bracket.from, rank), counts: tallies.map(({ zeros, below, inside }) => ({ zerosBefore: zeros, less: below, equal: inside })) }
  }
  if (tallies.some(({ kept }) => kept === null)) return null
  const { bits, rest } = kth(tallies.flatMap(({ kept }) => kept!), rank, bracket)
  return { cut: cutAt(bits, rest), counts: tallies.map((tally) => ({ zerosBefore: tally.zeros, ...countsAt(tally, bits) })) }
}

function cutAt (bits: number, rest: number): Cut {
  return { bits, magnitude: new Float32Array(new Int32Array([bits]).buffer)[0]!, ties: rest + 1 }
}

function countsAt ({ below, kept }: Tally, limit: number): Omit<CutCounts, 'zerosBefore'> {
  let [less, equal] = [below, 0]
  const places: Place[] = []
  for (const one of kept!) {
    const found = countsAbout([one], limit)
    less += found.less
    equal += found.equal
    if (found.equal > 0) places.push({ first: one.first, length: one.length, equal: found.equal })
  }
  return { less, equal, places }
}
