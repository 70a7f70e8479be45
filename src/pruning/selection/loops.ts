/** Magnitudes of arrays of any length, counted and collected: a piece of a file where it lies, other arrays moved piece by piece through a window. */
import { FIRST_NOT_FINITE, HALF_MAGNITUDE, MAGNITUDE } from './cut-point.ts'
import type { Scan } from './kernels.ts'
import { BINS, LAYOUT, PIECE, PIECE_BYTES, STRETCH_BYTES, TURN } from './layout.ts'
import { sumOf, window } from './window.ts'

const { scores: SCORES, second: SECOND, turns: TURNS, full: FULL } = LAYOUT

/** Magnitudes strictly between two others, by their bits. */
export interface Bracket { readonly low: number, readonly high: number }

export interface About {
  /** Magnitudes up to `low` and below `high`. */
  readonly upToLow: number
  readonly belowHigh: number
  /** That there is no NaN and no infinity. */
  readonly finite: boolean
}

/** `zeros`: magnitudes that are 0. */
export interface AboutZeros extends About { readonly zeros: number }

/** Bits that are collected, in `bits` up to `length`. */
export interface Collected { readonly bits: Int32Array, length: number }

/**
 * Counts the magnitudes about a bracket; collects those in it, piece after piece, as long as there is room: null when there is not. Faster when both
 * ends are such that the upper 16 bits tell what is inside (see `aligned`).
 */
export function lookAbout (bits: Int32Array, bracket: Bracket, collected: Collected | null): About | null {
  const { kernels } = window()
  const upper = aligned(bracket)
  const scan = kernels[collected === null ? upper ? 'countUpper' : 'count' : upper ? 'collectUpper' : 'collect']
  const about = look(bits, bracket, collected, { scan, shift: upper ? 16 : 0, magnitude: MAGNITUDE, firstNotFinite: FIRST_NOT_FINITE })
  return about && { upToLow: about.upToLow, belowHigh: about.belowHigh, finite: about.finite }
}

/** As `lookAbout`, with zeros counted. */
export function lookAboutZeros (bits: Int32Array, bracket: Bracket, collected: Collected | null): AboutZeros | null {
  const { kernels } = window()
  return look(bits, bracket, collected, { scan: collected === null ? kernels.countZeros : kernels.collectZeros, shift: 0, magnitude: MAGNITUDE, firstNotFinite: FIRST_NOT_FINITE })
}

/** As `lookAboutZeros`, of numbers of 16 bits, by their bits; `firstNotFinite` is the least magnitude that is not finite. */
export function lookAboutHalves (bits: Uint16Array, bracket: Bracket, collected: Collected | null, firstNotFinite: number): AboutZeros | null {
  const { kernels } = window()
  return look(bits, bracket, collected, { scan: collected === null ? kernels.countHalves : kernels.collectHalves, shift: 0, magnitude: HALF_MAGNITUDE, firstNotFinite })
}

/** `shift`: the kernel sees magnitudes without so many bits at the end. */
interface Looking { readonly scan: Scan, readonly shift: number, readonly magnitude: number, readonly firstNotFinite: number }

/** `zeros` of the answer is not told by every kernel. */
function look (elements: Int32Array | Uint16Array, { low, high }: Bracket, collected: Collected | null, { scan, shift, magnitude, firstNotFinite }: Looking): AboutZeros | null {
  const { buffer, words, halves } = window()
  const before = collected?.length ?? 0
  const size = elements.BYTES_PER_ELEMENT
  const whole = elements.length - elements.length % TURN
  const isPlaced = elements.buffer === buffer
  const step = (isPlaced ? STRETCH_BYTES : PIECE_BYTES) / size
  const view = size === 4 ? words : halves
  let [above, belowHigh, zeros, finite, out] = [0, 0, 0, true, SECOND as number]
  for (let start = 0; start < whole; start += step) {
    const end = Math.min(start + step, whole)
    const from = isPlaced ? elements.byteOffset + size * start : SCORES
    if (!isPlaced) view.set(elements.subarray(start, end), SCORES / size)
    out = scan(from, from + size * (end - start), low >> shift, high >> shift, out, TURNS)
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
    zeros += sumOf(words, 3)
    finite = finite && Math.max(words[4]!, words[5]!, words[6]!, words[7]!) < firstNotFinite >> shift
  }
  for (let index = whole; index < elements.length; index++) {
    const one = elements[index]! & magnitude
    if (one >= firstNotFinite) finite = false
    if (one < high) belowHigh++
    if (one > low) above++
    if (one === 0) zeros++
    if (collected === null || one <= low || one >= high) continue
    if (collected.length === collected.bits.length) return null
    collected.bits[collected.length++] = one
  }
  return { upToLow: collected === null ? elements.length - above : belowHigh - (collected.length - before), belowHigh, zeros, finite }
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
  const { kernels, words } = window()
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
