/** Changes of bytes that know nothing of the format: bits, numbers that are telling, words, and pieces moved or cut out. */
import { big, joined, little, utf8 } from './containers/container.ts'
import type { Random } from './random.ts'

/** Where counters overflow, signs turn and limits stand. */
export const TELLING: readonly bigint[] = [
  0n, 1n, 2n, 7n, 8n, 16n, 63n, 64n, 127n, 128n, 255n, 256n, 1023n, 4096n, 32767n, 32768n, 65535n, 65536n, 2n ** 20n, 2n ** 24n, 2n ** 26n, 2n ** 30n, 2n ** 31n - 1n, 2n ** 31n,
  2n ** 32n - 1n, 2n ** 32n, 2n ** 40n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n - 8n,
]

/** What else the changes draw from: another file of the format, and the format's words. */
export interface Material { readonly other: Uint8Array, readonly words: readonly string[] }

type Change = (bytes: Uint8Array, random: Random, material: Material) => Uint8Array

const placeIn = (bytes: Uint8Array, random: Random, length = 0): number => {
  const range = Math.max(1, bytes.length - length + 1)
  // Headers stand at both ends.
  const near = Math.min(range, 512)
  const where = random.below(4)
  return where === 0 ? random.below(near) : where === 1 ? range - 1 - random.below(near) : random.below(range)
}

const splice = (bytes: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array => joined(bytes.subarray(0, from), piece, bytes.subarray(to))

const over = (bytes: Uint8Array, at: number, piece: Uint8Array): Uint8Array => {
  const changed = bytes.slice()
  changed.set(piece.subarray(0, Math.max(0, bytes.length - at)), at)
  return changed
}

const WIDTHS = [1, 2, 4, 8]

/** Lengths of pieces: mostly short. */
const span = (limit: number, random: Random): number => 1 + random.below(Math.max(1, Math.min(limit, random.pick([4, 16, 64, 1024, limit]))))

const CHANGES: readonly Change[] = [
  function flipBit (bytes, random) {
    const at = placeIn(bytes, random, 1)
    return over(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))))
  },
  function setByte (bytes, random) {
    return over(bytes, placeIn(bytes, random, 1), Uint8Array.of(random.below(256)))
  },
  function addToByte (bytes, random) {
    const at = placeIn(bytes, random, 1)
    return over(bytes, at, Uint8Array.of((bytes[at] ?? 0) + random.pick([1, -1, 8, -8])))
  },
  function tellingNumber (bytes, random) {
    const width = random.pick(WIDTHS)
    const value = random.pick(TELLING)
    return over(bytes, placeIn(bytes, random, width), random.chance(0.3) ? big(value, width) : little(value, width))
  },
  /** Addresses of the file itself: what points to itself, or to another part, makes cycles and overlaps. */
  function ownPlace (bytes, random) {
    const width = random.pick([2, 4, 8])
    const at = placeIn(bytes, random, width)
    return over(bytes, at, little(random.pick([at, Math.max(0, at - 8), bytes.length, bytes.length - 1, placeIn(bytes, random)]), width))
  },
  function copyWithin (bytes, random) {
    const length = span(bytes.length, random)
    const from = placeIn(bytes, random, length)
    return over(bytes, placeIn(bytes, random, length), bytes.slice(from, from + length))
  },
  function duplicate (bytes, random) {
    const length = span(bytes.length, random)
    const from = placeIn(bytes, random, length)
    const at = placeIn(bytes, random)
    return splice(bytes, at, at, bytes.slice(from, from + length))
  },
  function cutOut (bytes, random) {
    const length = span(bytes.length, random)
    const from = placeIn(bytes, random, length)
    return splice(bytes, from, from + length, new Uint8Array())
  },
  function cutOff (bytes, random) {
    return bytes.slice(0, placeIn(bytes, random))
  },
  function fromOther (bytes, random, { other }) {
    const length = span(other.length, random)
    const from = placeIn(other, random, length)
    const piece = other.slice(from, from + length)
    const at = placeIn(bytes, random)
    return random.chance(0.5) ? over(bytes, at, piece) : splice(bytes, at, at, piece)
  },
  function headOfOneTailOfOther (bytes, random, { other }) {
    return joined(bytes.subarray(0, placeIn(bytes, random)), other.subarray(placeIn(other, random)))
  },
  function word (bytes, random, { words }) {
    const piece = utf8(words.length === 0 ? '' : random.pick(words))
    const at = placeIn(bytes, random)
    return random.chance(0.5) ? over(bytes, at, piece) : splice(bytes, at, at, piece)
  },
  function fill (bytes, random) {
    const length = span(bytes.length, random)
    const at = placeIn(bytes, random, length)
    return over(bytes, at, new Uint8Array(length).fill(random.pick([0, 255, 128, 32])))
  },
]

/** One to four changes. */
export function havoc (bytes: Uint8Array, random: Random, material: Material): Uint8Array {
  let changed = bytes
  for (let left = random.pick([1, 1, 1, 2, 2, 4]); left > 0; left--) changed = random.pick(CHANGES)(changed, random, material)
  return changed
}
