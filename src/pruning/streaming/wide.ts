/** Elements that are float32, or are ranked by a float32 of each: counted by their bits. */
import { lookAboutZeros, type Collected } from '../selection/loops.ts'
import { clearBelow } from '../selection/make-cut.ts'
import { collectedFrom, countBefore, keeps, MAGNITUDE, type Bracket, type Counter, type Elements, type Kept, type PlacedCut, type Room } from './elements.ts'

/** float32 with the lowest byte first: the bytes of the file are the numbers. */
export const float32Elements: Elements = {
  size: 4,
  bitsOf: viewed,
  counter: (bracket, room) => wideCounter(viewed, bracket, room),
  cut (raw, first, { bits, until }) {
    const values = viewed(raw)
    const tied = countBefore(until, first, values.length)
    clearBelow(values.subarray(0, tied), bits + 1)
    clearBelow(values.subarray(tied), bits)
    if (values.buffer !== raw.buffer) raw.set(new Uint8Array(values.buffer))
  },
}

/** Elements of `size` bytes of any type, ranked by `score`: float32 numbers that are 0 where the element is. */
export function scoredElements (size: number, score: (raw: Uint8Array, first: number) => Float32Array): Elements {
  const bitsOf = (raw: Uint8Array, first: number): Int32Array => {
    const { buffer, byteOffset, length } = score(raw, first)
    return new Int32Array(buffer, byteOffset, length)
  }
  return { size, bitsOf, counter: (bracket, room) => wideCounter(bitsOf, bracket, room), cut (raw, first, cut) { cutScored(raw, first, cut, bitsOf(raw, first)) } }
}

function cutScored (raw: Uint8Array, first: number, { bits, until }: PlacedCut, scores: Int32Array): void {
  const size = raw.length / scores.length
  const tied = countBefore(until, first, scores.length)
  for (let index = 0; index < scores.length; index++) {
    if ((scores[index]! & MAGNITUDE) < bits + (index < tied ? 1 : 0)) raw.fill(0, index * size, (index + 1) * size)
  }
}

function wideCounter (bitsOf: Elements['bitsOf'], bracket: Bracket, room: Room): Counter {
  const about = { low: bracket.from - 1, high: bracket.to }
  let kept: Kept[] | null = []
  let [zeros, below, inside] = [0, 0, 0]

  return {
    add (raw, first) {
      const values = bitsOf(raw, first)
      const found: Collected | null = keeps(bracket) && kept !== null ? { bits: collectedFrom(values.length), length: 0 } : null
      const looked = lookAboutZeros(values, about, found)!
      zeros += looked.zeros
      below += looked.upToLow
      inside += looked.belowHigh - looked.upToLow
      if (found !== null && found.length > 0) {
        room.left -= found.length
        if (room.left < 0) kept = null
        else kept!.push({ bits: found.bits.slice(0, found.length), first, length: values.length })
      }
      return looked.finite
    },
    tally: () => ({ zeros, below, inside, kept: keeps(bracket) ? kept : [] }),
  }
}

/** The bits where they lie; a copy where they do not lie at a multiple of their size. */
function viewed (raw: Uint8Array): Int32Array {
  const { buffer, byteOffset, byteLength } = raw.byteOffset % 4 === 0 ? raw : raw.slice()
  return new Int32Array(buffer, byteOffset, byteLength / 4)
}
