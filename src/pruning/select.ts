/** The k-th smallest magnitude over any number of arrays, exactly and without copying or sorting, and the cut made there. */
import { EspalierError } from '../errors.ts'
import { guessBracket, lengthOf, sampleOf, type Part } from './selection/bracket.ts'
import { createCounter } from './selection/counter.ts'
import { bitsOf, cutAt, FIRST_NOT_FINITE, type Cut } from './selection/cut-point.ts'
import { assertFinite } from './selection/finite.ts'
import { countBelow, createHalfTally, cutHalves, type Halves, type Known } from './selection/halves.ts'
import { lookAbout, type About, type Bracket, type Collected } from './selection/loops.ts'
import { makeCut, type Made } from './selection/make-cut.ts'
import { placeOf } from './selection/narrow.ts'
import { countZeros } from './sparse.ts'

export { assertFinite }
export type { Cut, Halves }

/** Scores of one tensor; their absolute values are ranked. Tensors of all types rank in one order. */
export interface Scored {
  /** For error messages. */
  readonly name: string
  readonly scores: Float32Array | Halves
}

/** How many standard deviations wide the bracket is: the first misses one time in 200, which costs two passes, the next as good as never. */
const DEVIATIONS = [2.8, 8] as const

/** Elements of a room that is kept between calls: memory that is new costs as much as to look at all of a small model. */
const KEPT_ROOM = 1 << 17
let kept: Int32Array | undefined

interface Pool { readonly floats: readonly Int32Array[], readonly known: Known }

/**
 * The cut that takes exactly the `count` smallest magnitudes; null for none. As good as always one pass over the scores: a sample tells a narrow bracket that
 * holds the last of them, the pass counts what is below it and collects what is in it. Where the guess was wrong there are more passes. Throws
 * `invalid-model` when a score is NaN or infinite, since neither has a place in a ranking.
 */
export function findCut (tensors: readonly Scored[], count: number): Cut | null {
  const parts = tensors.map(({ scores }): Part => scores instanceof Float32Array ? bitsOf(scores) : scores)
  const total = parts.reduce((sum, part) => sum + lengthOf(part), 0)
  if (!Number.isSafeInteger(count) || count < 0 || count > total) throw new EspalierError('internal', `the ${count} smallest of ${total} weights cannot be told`)
  const pool = poolOf(parts)
  if (count === 0) {
    for (const { name, scores } of tensors) assertFinite(name, scores)
    return null
  }
  const rank = count - 1
  if (pool.floats.length === 0) {
    if (pool.known.bits.at(-1)! >= FIRST_NOT_FINITE) for (const { name, scores } of tensors) assertFinite(name, scores)
    const { bits, below, equal } = placeOf(new Int32Array(0), rank, { low: -1, high: FIRST_NOT_FINITE }, pool.known)
    return cutAt(bits, rank - below + 1, equal)
  }
  const sample = sampleOf(parts, total)
  for (const deviations of DEVIATIONS) {
    const { room, ...bracket } = guessBracket(sample, total, rank, deviations)
    const collected = { bits: roomFor(room), length: 0 }
    const about = look(pool, bracket, room > 0 ? collected : null)
    if (about === null) break
    if (!about.finite) for (const { name, scores } of tensors) assertFinite(name, scores)
    if (rank >= about.upToLow && rank < about.belowHigh) {
      if (room === 0) return cutAt(bracket.low + 1, rank - about.upToLow + 1, about.belowHigh - about.upToLow)
      const { bits, below, equal } = placeOf(collected.bits.subarray(0, collected.length), rank - about.upToLow, bracket, within(pool.known, bracket))
      return cutAt(bits, rank - about.upToLow - below + 1, equal)
    }
    const cut = single(pool, rank, rank < about.upToLow ? bracket.low : bracket.high)
    if (cut !== null) return cut
  }
  return countAll(tensors, count)
}

/** What a cut did to a tensor. `ties`: those it used up; 0 of a cut that takes all of them. */
export type Applied = Made

/**
 * Makes the cut in one tensor: sets to +0 the values whose scores are below it, and at most `ties` of those equal to it. Gives how many ties it
 * used up and the zeros before and after. `scores` may be `values` itself.
 */
export function applyCut (values: Float32Array, scores: Float32Array, cut: Pick<Cut, 'bits'> & Partial<Cut> | null, ties: number): Applied {
  if (cut === null) {
    const zeros = countZeros(values)
    return { ties: 0, zerosBefore: zeros, zeros }
  }
  return makeCut(bitsOf(values), bitsOf(scores), ...limitOf(cut, ties))
}

/** As `applyCut`, for values of 16 bits that are their own scores. */
export function applyCutToHalves (values: Halves, cut: Pick<Cut, 'bits'> & Partial<Cut> | null, ties: number): Applied {
  const [limit, left] = cut === null ? [0, 0] : limitOf(cut, ties)
  return cutHalves(values, limit, left)
}

/** When all that are equal go, those up to the cut are those below the next number. */
function limitOf ({ bits, ties: all, equal }: Pick<Cut, 'bits'> & Partial<Cut>, ties: number): [limit: number, ties: number] {
  return all !== undefined && all === equal ? [bits + 1, 0] : [bits, ties]
}

function roomFor (elements: number): Int32Array {
  return elements > KEPT_ROOM ? new Int32Array(elements) : (kept ??= new Int32Array(KEPT_ROOM)).subarray(0, elements)
}

function poolOf (parts: readonly Part[]): Pool {
  const tally = createHalfTally()
  for (const part of parts) if (!(part instanceof Int32Array)) tally.add(part)
  return { floats: parts.filter((part): part is Int32Array => part instanceof Int32Array), known: tally.known() }
}

/** About the whole pool; null when there is no room to collect. */
function look ({ floats, known }: Pool, bracket: Bracket, collected: Collected | null): About | null {
  let upToLow = countBelow(known, bracket.low + 1)
  let belowHigh = countBelow(known, bracket.high)
  let finite = (known.bits.at(-1) ?? 0) < FIRST_NOT_FINITE
  for (const bits of floats) {
    const about = lookAbout(bits, bracket, collected)
    if (about === null) return null
    upToLow += about.upToLow
    belowHigh += about.belowHigh
    finite = finite && about.finite
  }
  return { upToLow, belowHigh, finite }
}

/** The cut, should it be at this very magnitude: one that many share, zero above all. */
function single (pool: Pool, rank: number, bits: number): Cut | null {
  const { upToLow, belowHigh } = look(pool, { low: bits - 1, high: bits + 1 }, null)!
  return rank >= upToLow && rank < belowHigh ? cutAt(bits, rank - upToLow + 1, belowHigh - upToLow) : null
}

function countAll (tensors: readonly Scored[], count: number): Cut | null {
  const counter = createCounter()
  for (;;) {
    for (const { name, scores } of tensors) counter.add(name, scores)
    const cut = counter.cut(count)
    if (cut !== undefined) return cut
  }
}

function within (known: Known, { low, high }: Bracket): Known {
  const { bits, counts } = known
  if (bits.length === 0) return known
  const inside = (_: number, index: number) => bits[index]! > low && bits[index]! < high
  return { bits: bits.filter(inside), counts: counts.filter(inside) }
}
