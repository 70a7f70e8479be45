/** Elements of 16 bits, float16 and bfloat16: there are so few magnitudes that those near the cut are counted one by one. */
import { HALF_MAGNITUDE } from '../selection/cut-point.ts'
import { widened, type HalfType } from '../selection/halves.ts'
import { lookAboutHalves, type Collected } from '../selection/loops.ts'
import { clearBelow } from '../selection/make-cut.ts'
import { collectedFrom, countBefore, FIRST_NOT_FINITE, keeps, type Bracket, type Counter, type Elements, type Kept, type PlacedCut, type Room } from './elements.ts'

/** Magnitudes there are: 16 bits without the sign. */
const MAGNITUDES = 1 << 15

/** bfloat16 is the upper half of a float32. */
export const bfloat16Elements = narrowElements('BF16')

export const float16Elements = narrowElements('F16')

function narrowElements (type: HalfType): Elements {
  /** The float32 bits of every magnitude, which rise with it. */
  const wide = Int32Array.from({ length: MAGNITUDES }, (_, magnitude) => widened(type, magnitude))
  const finite = countBelow(wide, FIRST_NOT_FINITE)

  function counter (bracket: Bracket, room: Room): Counter {
    const [from, to] = [bracket.from, bracket.to].map((bits) => Math.min(finite, countBelow(wide, bits))) as [number, number]
    const bits = wide.slice(from, to)
    const collects = keeps(bracket) && to > from
    const kept: Array<Kept & { readonly counts: Float64Array, length: number }> = []
    let [zeros, below, inside] = [0, 0, 0]
    const note = (found: Collected, first: number, length: number): void => {
      if (kept.length === 0 || room.apart >= bits.length) {
        room.apart -= bits.length
        kept.push({ bits, counts: new Float64Array(bits.length), first, length: 0 })
      }
      const last = kept.at(-1)!
      last.length = first + length - last.first
      for (let index = 0; index < found.length; index++) last.counts[found.bits[index]! - from]!++
    }
    return {
      add (raw, first) {
        const elements = viewed(raw)
        const found: Collected | null = collects ? { bits: collectedFrom(elements.length), length: 0 } : null
        const about = lookAboutHalves(elements, { low: from - 1, high: to }, found, finite)!
        zeros += about.zeros
        below += about.upToLow
        inside += about.belowHigh - about.upToLow
        if (found !== null && found.length > 0) note(found, first, elements.length)
        return about.finite
      },
      tally: () => ({ zeros, below, inside, kept }),
    }
  }

  function cut (raw: Uint8Array, first: number, { bits, until }: PlacedCut): void {
    const elements = viewed(raw)
    const tied = countBefore(until, first, elements.length)
    clearBelow(elements.subarray(0, tied), countBelow(wide, bits + 1))
    clearBelow(elements.subarray(tied), countBelow(wide, bits))
    if (elements.buffer !== raw.buffer) raw.set(new Uint8Array(elements.buffer))
  }

  function bitsOf (raw: Uint8Array): Int32Array {
    const elements = viewed(raw)
    const bits = new Int32Array(elements.length)
    for (let index = 0; index < bits.length; index++) bits[index] = wide[elements[index]! & HALF_MAGNITUDE]!
    return bits
  }

  return { size: 2, bitsOf, counter, cut }
}

/** How many of the rising `values` are below `limit`. */
function countBelow (values: Int32Array, limit: number): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}

function viewed (raw: Uint8Array): Uint16Array {
  const { buffer, byteOffset, byteLength } = raw.byteOffset % 2 === 0 ? raw : raw.slice()
  return new Uint16Array(buffer, byteOffset, byteLength / 2)
}
