/** The magnitude of a rank among tensors that are counted piece by piece, in two passes and without keeping any. */
import { assertFinite } from './finite.ts'
import { bitsOf, cutAt, type Cut } from './cut-point.ts'
import { createHalfTally, type Halves } from './halves.ts'
import { createTally, type Tally } from './tally.ts'

/** One pass counts by the upper 16 bits (without the sign): the bin that holds the k-th. Another counts the lower 15 bits within that bin: the number. */
const LOW_BITS = 15
const LOW_MASK = (1 << LOW_BITS) - 1
const BINS = 1 << 16
const HIGH_MASK = BINS - 1

export interface Counter {
  /** Counts a piece, whose first element is the `offset`th of the tensor. Throws `invalid-model` when one is NaN or infinite. */
  add (name: string, piece: Float32Array | Halves, offset?: number): void
  /** The cut that takes the `count` least; null for none; undefined when all pieces must be added once more, in any order. */
  cut (count: number): Cut | null | undefined
}

/** `while (cut === undefined) { for (const piece of pieces) counter.add(name, piece); cut = counter.cut(count) }` */
export function createCounter (): Counter {
  const halves = createHalfTally()
  let [floats, high] = [createTally(BINS), null as { readonly bin: number, readonly below: number } | null]
  let isFloat = false
  const rankAmong = (tally: Tally, first: number, shift: number, rank: number) => {
    const bins = tally.totals().slice()
    const { bits, counts } = halves.known()
    for (const [index, one] of bits.entries()) {
      const bin = (one - first) >> shift
      if (bin >= 0 && bin < bins.length) bins[bin]! += counts[index]!
    }
    let [bin, below] = [0, 0]
    while (rank - below >= bins[bin]!) below += bins[bin++]!
    return { bin, below, equal: bins[bin]! }
  }
  return {
    add (name, piece, offset = 0) {
      if (high === null) assertFinite(name, piece, 'weights', offset)
      if (!(piece instanceof Float32Array)) {
        if (high === null) halves.add(piece)
        return
      }
      isFloat = true
      if (high === null) countHigh(bitsOf(piece), floats)
      else countLow(bitsOf(piece), high.bin, floats)
    },
    cut (count) {
      if (count === 0) return null
      const rank = count - 1
      if (high === null && !isFloat) {
        const { bits, counts } = halves.known()
        let [index, below] = [0, 0]
        while (rank - below >= counts[index]!) below += counts[index++]!
        return cutAt(bits[index]!, rank - below + 1, counts[index]!)
      }
      if (high === null) {
        high = rankAmong(floats, 0, LOW_BITS, rank)
        floats = createTally(LOW_MASK + 1)
        return undefined
      }
      const first = high.bin << LOW_BITS
      const low = rankAmong(floats, first, 0, rank - high.below)
      return cutAt(first + low.bin, rank - high.below - low.below + 1, low.equal)
    },
  }
}

function countHigh (bits: Int32Array, tally: Tally): void {
  const [a, b, c, d] = tally.room(bits.length)
  const whole = bits.length - bits.length % 4
  for (let index = 0; index < whole; index += 4) {
    a[bits[index]! >>> LOW_BITS & HIGH_MASK]!++
    b[bits[index + 1]! >>> LOW_BITS & HIGH_MASK]!++
    c[bits[index + 2]! >>> LOW_BITS & HIGH_MASK]!++
    d[bits[index + 3]! >>> LOW_BITS & HIGH_MASK]!++
  }
  for (let index = whole; index < bits.length; index++) a[bits[index]! >>> LOW_BITS & HIGH_MASK]!++
}

function countLow (bits: Int32Array, bin: number, tally: Tally): void {
  const [table] = tally.room(bits.length)
  for (let index = 0; index < bits.length; index++) {
    const one = bits[index]!
    if ((one >>> LOW_BITS & HIGH_MASK) === bin) table[one & LOW_MASK]!++
  }
}
