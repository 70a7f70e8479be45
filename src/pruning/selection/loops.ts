/** The kernels over arrays of any length: a piece of a file is looked at where it lies, other arrays are moved through a small window that stays in the processor's cache. */
import { EspalierError } from '../../errors.ts'
import { pieceMemory, WORK_BYTES } from '../../models/piece-memory.ts'
import { kernelsOn, LAYOUT, TURN, TURN_BYTES, VECTOR_BYTES, type Scanner } from './kernels.ts'
import { HALF_MAGNITUDE, MAGNITUDE } from './cut-point.ts'

/** Bytes of the window, and of what is looked at before what is inside is collected. */
const WINDOW_BYTES = 1 << 17
/** Float32 numbers of the window. */
const PIECE = WINDOW_BYTES / 4
const SCORES = LAYOUT.free
/** Values, or what is collected and the 16 bytes that may be written after it. */
const SECOND = SCORES + WINDOW_BYTES
/** Addresses of turns. */
const THIRD = SECOND + WINDOW_BYTES + 16
const END = THIRD + 4 * WINDOW_BYTES / TURN_BYTES

/** Magnitudes strictly between two others, by their bits. */
export interface Bracket { readonly low: number, readonly high: number }

export interface About {
  /** Magnitudes up to `low` and below `high`. */
  readonly upToLow: number
  readonly belowHigh: number
  /** Bits of the largest; 0 of none. */
  readonly largest: number
}

/** `zeros`: magnitudes that are 0. */
export interface AboutZeros extends About { readonly zeros: number }

type Elements = Int32Array | Uint16Array | Uint8Array

/** Bits that are collected, in `bits` up to `length`. */
export interface Collected<T extends Elements = Int32Array> { readonly bits: T, length: number }

let opened: ReturnType<typeof open> | undefined
function open () {
  if (END > WORK_BYTES) throw new EspalierError('internal', `the loops need ${END} bytes, there are ${WORK_BYTES}`)
  const memory = pieceMemory()
  return { memory, kernels: kernelsOn(memory), words: new Int32Array(memory.buffer), halves: new Uint16Array(memory.buffer), bytes: new Uint8Array(memory.buffer) }
}

/** Counts the magnitudes about a bracket; collects those in it, in their order, as long as there is room: null when there is not. */
export function lookAbout (bits: Int32Array, bracket: Bracket, collected: Collected | null): About | null {
  const { kernels, words } = opened ??= open()
  return look(bits, bracket, collected, words, collected === null ? kernels.count : kernels.collect, MAGNITUDE)
}

/** As `lookAbout`, with zeros counted. */
export function lookAboutZeros (bits: Int32Array, bracket: Bracket, collected: Collected | null): AboutZeros | null {
  const { kernels, words } = opened ??= open()
  return look(bits, bracket, collected, words, collected === null ? kernels.countZeros : kernels.collectZeros, MAGNITUDE)
}

/** As `lookAboutZeros`, of numbers of 16 bits, by their bits. */
export function lookAboutHalves (bits: Uint16Array, bracket: Bracket, collected: Collected<Uint16Array> | null): AboutZeros | null {
  const { kernels, halves } = opened ??= open()
  return look(bits, bracket, collected, halves, collected === null ? kernels.countHalves : kernels.collectHalves, HALF_MAGNITUDE)
}

/** `view`: the memory, in elements of the same size. `zeros` is 0 from a scanner that does not count them. */
function look (elements: Elements, { low, high }: Bracket, collected: Collected<Elements> | null, view: Elements, scan: Scanner, magnitude: number): AboutZeros | null {
  const size = elements.BYTES_PER_ELEMENT
  const lanes = VECTOR_BYTES / size
  const piece = WINDOW_BYTES / size
  const before = collected?.length ?? 0
  const whole = elements.length - elements.length % (TURN_BYTES / size)
  let [above, belowHigh, largest, zeros] = [0, 0, 0, 0]
  for (let start = 0; start < whole; start += piece) {
    const end = Math.min(start + piece, whole)
    const from = placed(elements.subarray(start, end), view, SCORES)
    const out = scan(from, from + size * (end - start), low, high, SECOND, THIRD)
    if (collected === null) above += sumOf(view, 2)
    else {
      const inside = view.subarray(SECOND / size, out / size)
      if (collected.length + inside.length > collected.bits.length) return null
      collected.bits.set(inside, collected.length)
      collected.length += inside.length
    }
    belowHigh += sumOf(view, 0)
    zeros += sumOf(view, 3)
    for (let lane = 0; lane < lanes; lane++) largest = Math.max(largest, view[LAYOUT.results / size + lanes + lane]!)
  }
  for (let index = whole; index < elements.length; index++) {
    const one = elements[index]! & magnitude
    if (one > largest) largest = one
    if (one < high) belowHigh++
    if (one > low) above++
    if (one === 0) zeros++
    if (collected === null || one <= low || one >= high) continue
    if (collected.length === collected.bits.length) return null
    collected.bits[collected.length++] = one
  }
  return { upToLow: collected === null ? elements.length - above : belowHigh - (collected.length - before), belowHigh, largest, zeros }
}

/** Where elements lie in the memory; they are moved to `window` when they lie elsewhere. */
function placed (elements: Elements, view: Elements, window: number): number {
  if (elements.buffer === view.buffer) return elements.byteOffset
  view.set(elements, window / view.BYTES_PER_ELEMENT)
  return window
}

export interface Made { readonly ties: number, readonly zerosBefore: number, readonly zeros: number }

/** Sets to +0 the values whose score's magnitude is below `limit` and the first `ties` of those equal to it. `ties` of the answer: those used up. */
export function makeCut (values: Int32Array, scores: Int32Array, limit: number, ties: number): Made {
  const { kernels, words } = opened ??= open()
  const own = values.buffer === scores.buffer && values.byteOffset === scores.byteOffset
  const whole = values.length - values.length % TURN
  let [left, zerosBefore, zeros] = [ties, 0, 0]
  for (let start = 0; start < whole; start += PIECE) {
    const end = Math.min(start + PIECE, whole)
    const piece = values.subarray(start, end)
    const from = placed(scores.subarray(start, end), words, SCORES)
    const at = own ? from : placed(piece, words, SECOND)
    const kernel = left > 0 ? 'share' : own && limit > 0 ? 'cutOwn' : 'cut'
    const share = Math.min(left, piece.length)
    left -= share - kernels[kernel](from, from + 4 * piece.length, at, limit, share)
    if (at !== piece.byteOffset || piece.buffer !== words.buffer) piece.set(words.subarray(at / 4, at / 4 + piece.length))
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

/** Sets the numbers of 16 bits to +0 whose magnitude is below `limit`. */
export function cutHalvesBelow (elements: Uint16Array, limit: number): void {
  // Lanes hold no larger limit.
  if (limit > HALF_MAGNITUDE) {
    elements.fill(0)
    return
  }
  const { kernels, halves } = opened ??= open()
  const turn = TURN_BYTES / 2
  const whole = elements.length - elements.length % turn
  for (let start = 0; start < whole; start += 2 * PIECE) {
    const piece = elements.subarray(start, Math.min(start + 2 * PIECE, whole))
    const from = placed(piece, halves, SCORES)
    kernels.cutHalves(from, from + 2 * piece.length, limit)
    if (piece.buffer !== halves.buffer) piece.set(halves.subarray(from / 2, from / 2 + piece.length))
  }
  for (let index = whole; index < elements.length; index++) if ((elements[index]! & HALF_MAGNITUDE) < limit) elements[index] = 0
}

/** Bytes that go into check sums at once. */
export const SUMMED_BYTES = TURN_BYTES
/** Words of the check sums. */
export const SUM_WORDS = 32

/** Adds a multiple of SUMMED_BYTES to check sums of SUM_WORDS words, which begin as zeros. */
export function addSums (sums: Int32Array, raw: Uint8Array): void {
  const { kernels, words, bytes } = opened ??= open()
  words.set(sums, SECOND / 4)
  for (let start = 0; start < raw.length; start += WINDOW_BYTES) {
    const piece = raw.subarray(start, start + WINDOW_BYTES)
    const from = placed(piece, bytes, SCORES)
    kernels.sum(from, from + piece.length, SECOND)
  }
  sums.set(words.subarray(SECOND / 4, SECOND / 4 + SUM_WORDS))
}

/** Of a kernel's results, the sum over the lanes of one vector. */
function sumOf (view: Elements, vector: number): number {
  const lanes = VECTOR_BYTES / view.BYTES_PER_ELEMENT
  const first = LAYOUT.results / view.BYTES_PER_ELEMENT + vector * lanes
  let sum = 0
  for (let lane = first; lane < first + lanes; lane++) sum += view[lane]!
  return sum
}
