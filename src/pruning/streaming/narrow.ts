/** Elements of 16 bits, float16 and bfloat16: there are so few magnitudes that each is counted. */
import { cutBelow } from './narrow-kernel.ts'
import { countBefore, FIRST_NOT_FINITE, keeps, type Bracket, type Counter, type Elements, type Kept, type PlacedCut } from './elements.ts'

/** Magnitudes there are: 16 bits without the sign. */
const MAGNITUDES = 1 << 15
const MASK = MAGNITUDES - 1

/** Counters are 32 bits wide and are added up before so many elements could overflow them. */
const COUNTED_AT_ONCE = 2 ** 31

/** bfloat16 is the upper half of a float32. */
export const bfloat16Elements = narrowElements(Int32Array.from({ length: MAGNITUDES }, (_, magnitude) => magnitude << 16))

export const float16Elements = narrowElements(new Int32Array(Float32Array.from({ length: MAGNITUDES }, (_, magnitude) => halfOf(magnitude)).buffer))

/** `wide`: the float32 bits of every magnitude, which rise with it. */
function narrowElements (wide: Int32Array): Elements {
  const finite = countBelow(wide, FIRST_NOT_FINITE)
  // Three tables taken in turn: an increment need not wait for the one before it, which is mostly in the same few bins.
  const tables = [new Int32Array(2 * MAGNITUDES), new Int32Array(2 * MAGNITUDES), new Int32Array(2 * MAGNITUDES)] as const

  function counter (bracket: Bracket): Counter {
    const sums = new Float64Array(MAGNITUDES)
    let waiting = 0
    const addUp = (): void => {
      for (const table of tables) {
        for (let magnitude = 0; magnitude < MAGNITUDES; magnitude++) sums[magnitude]! += table[magnitude]! + table[magnitude | MAGNITUDES]!
        table.fill(0)
      }
      waiting = 0
    }
    for (const table of tables) table.fill(0)
    return {
      add (raw) {
        const elements = viewed(raw)
        if (waiting + elements.length > COUNTED_AT_ONCE) addUp()
        waiting += elements.length
        return countInto(elements, finite, ...tables)
      },
      tally () {
        addUp()
        const [from, to] = [countBelow(wide, bracket.from), countBelow(wide, bracket.to)]
        const kept: Kept = { bits: wide.slice(from, to), counts: sums.slice(from, to) }
        return { zeros: sums[0]!, below: sumOf(sums.subarray(0, from)), inside: sumOf(kept.counts!), kept: keeps(bracket) ? [kept] : [] }
      },
    }
  }

  function cut (raw: Uint8Array, first: number, { bits, until }: PlacedCut): void {
    const elements = viewed(raw)
    const tied = countBefore(until, first, elements.length)
    cutBelow(elements.subarray(0, tied), countBelow(wide, bits + 1))
    cutBelow(elements.subarray(tied), countBelow(wide, bits))
    if (elements.buffer !== raw.buffer) raw.set(new Uint8Array(elements.buffer))
  }

  function bitsOf (raw: Uint8Array): Int32Array {
    const elements = viewed(raw)
    const bits = new Int32Array(elements.length)
    for (let index = 0; index < bits.length; index++) bits[index] = wide[elements[index]! & MASK]!
    return bits
  }

  return { size: 2, bitsOf, counter, cut }
}

/** False when an element is not finite. */
function countInto (elements: Uint16Array, finite: number, a: Int32Array, b: Int32Array, c: Int32Array): boolean {
  const whole = elements.length - elements.length % 3
  let largest = 0
  for (let index = 0; index < whole; index += 3) {
    const [one, two, three] = [elements[index]!, elements[index + 1]!, elements[index + 2]!]
    a[one]!++
    b[two]!++
    c[three]!++
    // Negative once one was not finite.
    largest |= (finite - 1 - (one & MASK)) | (finite - 1 - (two & MASK)) | (finite - 1 - (three & MASK))
  }
  for (let index = whole; index < elements.length; index++) {
    a[elements[index]!]!++
    largest |= finite - 1 - (elements[index]! & MASK)
  }
  return largest >= 0
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

function sumOf (values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}

function viewed (raw: Uint8Array): Uint16Array {
  const { buffer, byteOffset, byteLength } = raw.byteOffset % 2 === 0 ? raw : raw.slice()
  return new Uint16Array(buffer, byteOffset, byteLength / 2)
}

/** A float16 magnitude as a number. Source: IEEE 754 binary16. */
function halfOf (magnitude: number): number {
  const [exponent, fraction] = [magnitude >> 10, magnitude & 0x3ff]
  if (exponent === 31) return fraction === 0 ? Infinity : NaN
  return exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15)
}
