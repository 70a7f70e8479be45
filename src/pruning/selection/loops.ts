/** The kernels over arrays of any length: their memory is a small window that stays in the processor's cache, through which arrays are moved in pieces. */
import { kernelsOn, LAYOUT, TURN } from './kernels.ts'
import { MAGNITUDE } from './cut-point.ts'

/** Elements of a piece. */
const PIECE = 1 << 15
const PIECE_BYTES = 4 * PIECE
const SCORES = LAYOUT.free
/** Values, or what is collected and the 16 bytes that may be written after it. */
const SECOND = SCORES + PIECE_BYTES
/** Addresses of turns. */
const THIRD = SECOND + PIECE_BYTES + 16
const PAGE = 1 << 16

/** Magnitudes strictly between two others, by their bits. */
export interface Bracket { readonly low: number, readonly high: number }

export interface About {
  /** Magnitudes up to `low` and below `high`. */
  readonly upToLow: number
  readonly belowHigh: number
  /** Bits of the largest; 0 of none. */
  readonly largest: number
}

/** Bits that are collected, in `bits` up to `length`. */
export interface Collected { readonly bits: Int32Array, length: number }

let opened: ReturnType<typeof open> | undefined
function open () {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((THIRD + 4 * PIECE / TURN) / PAGE) })
  return { kernels: kernelsOn(memory), words: new Int32Array(memory.buffer) }
}

/** Counts the magnitudes about a bracket; collects those in it, in their order, as long as there is room: null when there is not. */
export function lookAbout (bits: Int32Array, { low, high }: Bracket, collected: Collected | null): About | null {
  const { kernels, words } = opened ??= open()
  const before = collected?.length ?? 0
  const whole = bits.length - bits.length % TURN
  let [above, belowHigh, largest] = [0, 0, 0]
  for (let start = 0; start < whole; start += PIECE) {
    const end = Math.min(start + PIECE, whole)
    words.set(bits.subarray(start, end), SCORES / 4)
    const [from, to] = [SCORES, SCORES + 4 * (end - start)]
    if (collected === null) {
      kernels.count(from, to, low, high, SECOND, THIRD)
      above += sumOf(words, 2)
    } else {
      const inside = words.subarray(SECOND / 4, kernels.collect(from, to, low, high, SECOND, THIRD) / 4)
      if (collected.length + inside.length > collected.bits.length) return null
      collected.bits.set(inside, collected.length)
      collected.length += inside.length
    }
    belowHigh += sumOf(words, 0)
    largest = Math.max(largest, words[4]!, words[5]!, words[6]!, words[7]!)
  }
  for (let index = whole; index < bits.length; index++) {
    const one = bits[index]! & MAGNITUDE
    if (one > largest) largest = one
    if (one < high) belowHigh++
    if (one > low) above++
    if (collected === null || one <= low || one >= high) continue
    if (collected.length === collected.bits.length) return null
    collected.bits[collected.length++] = one
  }
  return { upToLow: collected === null ? bits.length - above : belowHigh - (collected.length - before), belowHigh, largest }
}

export interface Made { readonly ties: number, readonly zerosBefore: number, readonly zeros: number }

/** Sets to +0 the values whose score's magnitude is below `limit` and the first `ties` of those equal to it. `ties` of the answer: those used up. */
export function makeCut (values: Int32Array, scores: Int32Array, limit: number, ties: number): Made {
  const { kernels, words } = opened ??= open()
  const own = values.buffer === scores.buffer && values.byteOffset === scores.byteOffset
  const at = own ? SCORES : SECOND
  const whole = values.length - values.length % TURN
  let [left, zerosBefore, zeros] = [ties, 0, 0]
  for (let start = 0; start < whole; start += PIECE) {
    const end = Math.min(start + PIECE, whole)
    const piece = values.subarray(start, end)
    words.set(scores.subarray(start, end), SCORES / 4)
    if (!own) words.set(piece, at / 4)
    const kernel = left > 0 ? 'share' : own && limit > 0 ? 'cutOwn' : 'cut'
    const share = Math.min(left, piece.length)
    left -= share - kernels[kernel](SCORES, SCORES + 4 * piece.length, at, limit, share)
    piece.set(words.subarray(at / 4, at / 4 + piece.length))
    zerosBefore += sumOf(words, 0)
    zeros += sumOf(words, 1)
  }
  for (let index = whole; index < values.length; index++) {
    const score = scores[index]! & MAGNITUDE
    const tied = score === limit && left > 0
    if (tied) left--
    if ((values[index]! & MAGNITUDE) === 0) zerosBefore++
    if (tied || score < limit) values[index] = 0
    if ((values[index]! & MAGNITUDE) === 0) zeros++
  }
  return { ties: ties - left, zerosBefore, zeros }
}

/** Of a kernel's results, the sum over the lanes of one vector. */
function sumOf (words: Int32Array, vector: number): number {
  const at = LAYOUT.results / 4 + 4 * vector
  return words[at]! + words[at + 1]! + words[at + 2]! + words[at + 3]!
}
