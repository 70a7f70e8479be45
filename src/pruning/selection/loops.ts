/** The kernels over arrays of any length: their memory is a small window that stays in the processor's first cache, through which arrays are moved in pieces. */
import { kernelsOn } from './kernels.ts'
import { FIRST_NOT_FINITE, MAGNITUDE } from './cut-point.ts'
import { BINS, LAYOUT, PIECE, TURN } from './layout.ts'

const { scores: SCORES, second: SECOND, turns: TURNS, full: FULL } = LAYOUT
const PAGE = 1 << 16

/** Magnitudes strictly between two others, by their bits. */
export interface Bracket { readonly low: number, readonly high: number }

export interface About {
  /** Magnitudes up to `low` and below `high`. */
  readonly upToLow: number
  readonly belowHigh: number
  /** That there is no NaN and no infinity. */
  readonly finite: boolean
}

/** Bits that are collected, in `bits` up to `length`. */
export interface Collected { readonly bits: Int32Array, length: number }

let opened: ReturnType<typeof open> | undefined
function open () {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(LAYOUT.bytes / PAGE) })
  const words = new Int32Array(memory.buffer)
  const pieceAt = (address: number) => words.subarray(address / 4, address / 4 + PIECE)
  return { kernels: kernelsOn(memory), words, first: pieceAt(SCORES), second: pieceAt(SECOND) }
}

/**
 * Counts the magnitudes about a bracket; collects those in it, piece after piece, as long as there is room: null when there is not. Faster when both
 * ends are such that the upper 16 bits tell what is inside (see `aligned`).
 */
export function lookAbout (bits: Int32Array, { low, high }: Bracket, collected: Collected | null): About | null {
  const { kernels, words } = opened ??= open()
  const before = collected?.length ?? 0
  const whole = bits.length - bits.length % TURN
  const halves = aligned({ low, high })
  const shift = halves ? 16 : 0
  const scan = kernels[collected === null ? halves ? 'countHalves' : 'count' : halves ? 'collectHalves' : 'collect']
  let [above, belowHigh, finite, out] = [0, 0, true, SECOND as number]
  for (let start = 0; start < whole; start += PIECE) {
    const end = Math.min(start + PIECE, whole)
    words.set(bits.subarray(start, end), SCORES / 4)
    out = scan(SCORES, SCORES + 4 * (end - start), low >> shift, high >> shift, out, TURNS)
    if (collected === null) {
      above += sumOf(words, 2)
    } else if (out >= FULL || end === whole) {
      const inside = (out - SECOND) / 4
      if (collected.length + inside > collected.bits.length) return null
      collected.bits.set(words.subarray(SECOND / 4, out / 4), collected.length)
      collected.length += inside
      out = SECOND
    }
    belowHigh += sumOf(words, 0)
    finite = finite && Math.max(words[4]!, words[5]!, words[6]!, words[7]!) < FIRST_NOT_FINITE >> shift
  }
  for (let index = whole; index < bits.length; index++) {
    const one = bits[index]! & MAGNITUDE
    if (one >= FIRST_NOT_FINITE) finite = false
    if (one < high) belowHigh++
    if (one > low) above++
    if (collected === null || one <= low || one >= high) continue
    if (collected.length === collected.bits.length) return null
    collected.bits[collected.length++] = one
  }
  return { upToLow: collected === null ? bits.length - above : belowHigh - (collected.length - before), belowHigh, finite }
}

/** The magnitudes strictly inside a bracket, of which there are `length`. */
export function collect (bits: Int32Array, bracket: Bracket, length: number): Int32Array {
  const collected = { bits: new Int32Array(length), length: 0 }
  lookAbout(bits, bracket, collected)
  return collected.bits
}

/** Whether no magnitude inside has the upper half of one outside. */
export function aligned ({ low, high }: Bracket): boolean {
  return ((low + 1) & 0xffff) === 0 && (high & 0xffff) === 0 && high <= FIRST_NOT_FINITE
}

/** How many of integers fall into each of `BINS` bins, one for every 2^shift numbers from `low` on. The counts stand until the next call. */
export function binned (integers: Int32Array, low: number, shift: number): Int32Array {
  const { kernels, words } = opened ??= open()
  const bins = words.subarray(LAYOUT.bins / 4, LAYOUT.bins / 4 + BINS).fill(0)
  const whole = integers.length - integers.length % 4
  for (let start = 0; start < whole; start += PIECE) {
    const end = Math.min(start + PIECE, whole)
    words.set(integers.subarray(start, end), SCORES / 4)
    kernels.bin(SCORES, SCORES + 4 * (end - start), low, shift)
  }
  for (let index = whole; index < integers.length; index++) bins[(integers[index]! - low | 0) >>> shift]!++
  return bins
}

export interface Made { readonly ties: number, readonly zerosBefore: number, readonly zeros: number }

/** Sets to +0 the values whose score's magnitude is below `limit` and the first `ties` of those equal to it. `ties` of the answer: those used up. */
export function makeCut (values: Int32Array, scores: Int32Array, limit: number, ties: number): Made {
  const { kernels, words, first, second } = opened ??= open()
  const own = values.buffer === scores.buffer && values.byteOffset === scores.byteOffset
  const [at, changed] = own ? [SCORES, first] : [SECOND, second]
  const whole = values.length - values.length % TURN
  let [left, zerosBefore, zeros, clears] = [ties, 0, 0, own && limit > 0]
  for (let start = 0; start < whole; start += PIECE) {
    const end = Math.min(start + PIECE, whole)
    const [piece, to] = [values.subarray(start, end), SCORES + 4 * (end - start)]
    words.set(own ? piece : scores.subarray(start, end), SCORES / 4)
    if (clears && left === 0) {
      kernels.clear(SCORES, to, limit)
      // Where one zero is there are more to be counted.
      clears = Math.min(words[0]!, words[1]!, words[2]!, words[3]!) > 0
      if (!clears) words.set(piece, SCORES / 4)
    }
    if (!clears || left > 0) {
      if (!own) words.set(piece, SECOND / 4)
      const kernel = left > 0 ? 'share' : own && limit > 0 ? 'cutOwn' : 'cut'
      const share = Math.min(left, piece.length)
      left -= share - kernels[kernel](SCORES, to, at, limit, share)
      zerosBefore += sumOf(words, 0)
    }
    zeros += sumOf(words, 1)
    piece.set(piece.length === PIECE ? changed : changed.subarray(0, piece.length))
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
