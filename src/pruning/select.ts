/** The k-th smallest magnitude over any number of arrays, exactly and without copying or sorting, and the cut made there. */
import { EspalierError } from '../errors.ts'
import { countZeros } from './sparse.ts'

/** Scores of one tensor; their absolute values are ranked. */
export interface Scored {
  /** For error messages. */
  readonly name: string
  readonly scores: Float32Array
}

/** Where the ranking is cut: all below `bits` go, and of those equal to it the first `ties`, in the order of tensors and then of elements. */
export interface Cut {
  /** The float32 bits of the largest magnitude that goes. */
  readonly bits: number
  readonly magnitude: number
  readonly ties: number
}

/*
 * The bits of non-negative float32 numbers, read as integers, stand in the numbers' order. So one pass that counts by the upper 16 bits (without
 * the sign) finds the bin that holds the k-th, a second one that counts the lower 15 bits within that bin finds the number.
 */
const MAGNITUDE = 0x7fffffff
const LOW_BITS = 15
const LOW_MASK = (1 << LOW_BITS) - 1
const BINS = 1 << 16
/** Upper bits without the sign, once they are shifted down. */
const HIGH_MASK = BINS - 1
/** From here on the exponent is all ones: infinities and NaN. */
const FIRST_NOT_FINITE = 0x7f800000

/** Counters are 32 bits wide while an array is counted and are added up before so many values could overflow them. */
const COUNTED_AT_ONCE = 2 ** 31

/**
 * The cut that takes exactly the `count` smallest magnitudes; null for none. Two passes over the scores, 2 MB of memory. Throws `invalid-model`
 * when a score is NaN or infinite, since neither has a place in a ranking.
 */
export function findCut (pool: readonly Scored[], count: number): Cut | null {
  const total = pool.reduce((sum, { scores }) => sum + scores.length, 0)
  if (!Number.isSafeInteger(count) || count < 0 || count > total) throw new EspalierError('internal', `the ${count} smallest of ${total} weights cannot be told`)
  const bins = countHigh(pool)
  if (bins.subarray(FIRST_NOT_FINITE >>> LOW_BITS).some((inBin) => inBin > 0)) for (const { name, scores } of pool) assertFinite(name, scores)
  if (count === 0) return null
  const high = rankIn(bins, count - 1)
  const lows = new Float64Array(1 << LOW_BITS)
  for (const { scores } of pool) countLow(bitsOf(scores), high.bin, lows)
  const low = rankIn(lows, high.rest)
  const bits = high.bin << LOW_BITS | low.bin
  return { bits, magnitude: new Float32Array(new Int32Array([bits]).buffer)[0]!, ties: low.rest + 1 }
}

/** What a cut did to a tensor. */
export interface Applied { readonly ties: number, readonly zerosBefore: number, readonly zeros: number }

/**
 * Makes the cut in one tensor: sets to +0 the values whose scores are below it, and at most `ties` of those equal to it. Gives how many ties it
 * used up and the zeros before and after. `scores` may be `values` itself.
 */
export function applyCut (values: Float32Array, scores: Float32Array, cut: Pick<Cut, 'bits'> | null, ties: number): Applied {
  if (cut === null) {
    const zeros = countZeros(values)
    return { ties: 0, zerosBefore: zeros, zeros }
  }
  const [bits, target, limit] = [bitsOf(scores), bitsOf(values), cut.bits]
  let [used, zerosBefore, zeros] = [0, 0, 0]
  // Without branches but for the ties: which weights go is as good as random to a processor that guesses.
  for (let index = 0; index < bits.length; index++) {
    const score = bits[index]! & MAGNITUDE
    const value = target[index]!
    let gone = (score - limit) >> 31
    if (score === limit && used < ties) {
      used++
      gone = -1
    }
    const left = value & ~gone
    target[index] = left
    zerosBefore += ((value & MAGNITUDE) - 1) >>> 31
    zeros += ((left & MAGNITUDE) - 1) >>> 31
  }
  return { ties: used, zerosBefore, zeros }
}

/** Throws `invalid-model` naming the tensor and the first place of a NaN or an infinity. */
export function assertFinite (name: string, values: Float32Array, what: 'weights' | 'scores' = 'weights'): void {
  const bits = bitsOf(values)
  for (let index = 0; index < bits.length; index++) {
    if ((bits[index]! & MAGNITUDE) < FIRST_NOT_FINITE) continue
    throw new EspalierError('invalid-model', `the ${what} ${what === 'weights' ? '' : 'of '}${name} hold ${values[index]} at position ${index}; only finite ${what} can be ranked`, { tensor: name, position: index })
  }
}

/** How many magnitudes have these upper bits, for all of them. */
function countHigh (pool: readonly Scored[]): Float64Array {
  const bins = new Float64Array(BINS)
  // Four tables taken in turn: an increment need not wait for the one before it, which is mostly in the same few bins.
  const tables = [new Int32Array(BINS), new Int32Array(BINS), new Int32Array(BINS), new Int32Array(BINS)] as const
  let counted = 0
  const addUp = () => {
    for (const table of tables) {
      for (let bin = 0; bin < BINS; bin++) bins[bin]! += table[bin]!
      table.fill(0)
    }
    counted = 0
  }
  for (const { scores } of pool) {
    if (counted + scores.length > COUNTED_AT_ONCE) addUp()
    countInto(bitsOf(scores), ...tables)
    counted += scores.length
  }
  addUp()
  return bins
}

function countInto (bits: Int32Array, a: Int32Array, b: Int32Array, c: Int32Array, d: Int32Array): void {
  const whole = bits.length - bits.length % 4
  for (let index = 0; index < whole; index += 4) {
    a[bits[index]! >>> LOW_BITS & HIGH_MASK]!++
    b[bits[index + 1]! >>> LOW_BITS & HIGH_MASK]!++
    c[bits[index + 2]! >>> LOW_BITS & HIGH_MASK]!++
    d[bits[index + 3]! >>> LOW_BITS & HIGH_MASK]!++
  }
  for (let index = whole; index < bits.length; index++) a[bits[index]! >>> LOW_BITS & HIGH_MASK]!++
}

function countLow (bits: Int32Array, bin: number, lows: Float64Array): void {
  for (let index = 0; index < bits.length; index++) {
    const one = bits[index]!
    if ((one >>> LOW_BITS & HIGH_MASK) === bin) lows[one & LOW_MASK]!++
  }
}

/** The bin that holds the element of this rank (from 0), and its rank within the bin. */
function rankIn (bins: Float64Array, rank: number): { bin: number, rest: number } {
  let bin = 0
  let rest = rank
  while (rest >= bins[bin]!) rest -= bins[bin++]!
  return { bin, rest }
}

function bitsOf (values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length)
}
