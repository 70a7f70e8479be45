/** Elements that are float32, or are ranked by a float32 of each: counted by their bits. */
import { countBefore, FIRST_NOT_FINITE, keeps, MAGNITUDE, type Bracket, type Counter, type Elements, type Kept, type PlacedCut, type Room } from './elements.ts'

/** float32 with the lowest byte first: the bytes of the file are the numbers. */
export const float32Elements: Elements = {
  size: 4,
  bitsOf: viewed,
  counter: (bracket, room) => wideCounter(viewed, bracket, room),
  cut (raw, first, cut) {
    const before = viewed(raw)
    const after = new Int32Array(before.length)
    const { bits, until } = cut
    const tied = countBefore(until, first, before.length)
    // Without branches: which weights go is as good as random to a processor that guesses.
    for (let index = 0; index < tied; index++) after[index] = before[index]! & ~(((before[index]! & MAGNITUDE) - bits - 1) >> 31)
    for (let index = tied; index < before.length; index++) after[index] = before[index]! & ~(((before[index]! & MAGNITUDE) - bits) >> 31)
    return new Uint8Array(after.buffer)
  },
}

/** Elements of `size` bytes of any type, ranked by `score`: float32 numbers that are 0 where the element is. */
export function scoredElements (size: number, score: (raw: Uint8Array, first: number) => Float32Array): Elements {
  const bitsOf = (raw: Uint8Array, first: number): Int32Array => {
    const { buffer, byteOffset, length } = score(raw, first)
    return new Int32Array(buffer, byteOffset, length)
  }
  return { size, bitsOf, counter: (bracket, room) => wideCounter(bitsOf, bracket, room), cut: (raw, first, cut) => cutScored(raw, first, cut, bitsOf(raw, first)) }
}

function cutScored (raw: Uint8Array, first: number, { bits, until }: PlacedCut, scores: Int32Array): Uint8Array {
  const after = raw.slice()
  const size = raw.length / scores.length
  const tied = countBefore(until, first, scores.length)
  for (let index = 0; index < scores.length; index++) {
    if ((scores[index]! & MAGNITUDE) < bits + (index < tied ? 1 : 0)) after.fill(0, index * size, (index + 1) * size)
  }
  return after
}

function wideCounter (bitsOf: Elements['bitsOf'], bracket: Bracket, room: Room): Counter {
  const { from, to } = bracket
  const isKept = keeps(bracket)
  let kept: Kept[] | null = []
  let [zeros, below, inside] = [0, 0, 0]
  let found = new Int32Array()

  return {
    add (raw, first) {
      const values = bitsOf(raw, first)
      if (found.length < values.length) found = new Int32Array(values.length)
      const piece = countWide(values, from, to - from, found)
      zeros += piece.zeros
      below += piece.below
      inside += piece.inside
      if (isKept && kept !== null && piece.inside > 0) {
        room.left -= piece.inside
        if (room.left < 0) kept = null
        else kept.push({ bits: found.slice(0, piece.inside) })
      }
      return piece.finite
    },
    tally: () => ({ zeros, below, inside, kept: isKept ? kept : [] }),
  }
}

interface Piece { readonly zeros: number, readonly below: number, readonly inside: number, readonly finite: boolean }

/** Puts the magnitudes within [from, from + width) to the front of `found`, which has room for all. */
function countWide (bits: Int32Array, from: number, width: number, found: Int32Array): Piece {
  let [zeros, below, inside, finite] = [0, 0, 0, 0]
  for (let index = 0; index < bits.length; index++) {
    const magnitude = bits[index]! & MAGNITUDE
    zeros += (magnitude - 1) >>> 31
    below += (magnitude - from) >>> 31
    // Negative once one was not.
    finite |= FIRST_NOT_FINITE - 1 - magnitude
    if (((magnitude - from) >>> 0) < width) found[inside++] = magnitude
  }
  return { zeros, below, inside, finite: finite >= 0 }
}

/** The bits where they lie; a copy where they do not lie at a multiple of their size. */
function viewed (raw: Uint8Array): Int32Array {
  const { buffer, byteOffset, byteLength } = raw.byteOffset % 4 === 0 ? raw : raw.slice()
  return new Int32Array(buffer, byteOffset, byteLength / 4)
}
