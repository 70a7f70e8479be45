/** Cuts made in arrays of any length. */
import { HALF_MAGNITUDE, MAGNITUDE } from './cut-point.ts'
import { LAYOUT, PIECE, PIECE_BYTES, TURN, TURN_BYTES } from './layout.ts'
import { sumOf, window } from './window.ts'

const { scores: SCORES, second: SECOND } = LAYOUT

export interface Made { readonly ties: number, readonly zerosBefore: number, readonly zeros: number }

/** Sets to +0 the values whose score's magnitude is below `limit` and the first `ties` of those equal to it. `ties` of the answer: those used up. */
export function makeCut (values: Int32Array, scores: Int32Array, limit: number, ties: number): Made {
  const { kernels, words, first, second } = window()
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

/** Sets to +0 the numbers whose magnitude is below `limit`, by their bits: where they lie, if that is among the pieces of files. */
export function clearBelow (elements: Int32Array | Uint16Array, limit: number): void {
  const { kernels, buffer, words, halves } = window()
  const [size, magnitude, view, clear] = elements instanceof Int32Array ? [4, MAGNITUDE, words, kernels.clear] as const : [2, HALF_MAGNITUDE, halves, kernels.clearHalves] as const
  // Lanes hold no larger limit.
  if (limit > magnitude) {
    elements.fill(0)
    return
  }
  const whole = elements.length - elements.length % (TURN_BYTES / size)
  if (elements.buffer === buffer) {
    if (whole > 0) clear(elements.byteOffset, elements.byteOffset + size * whole, limit)
  } else {
    for (let start = 0; start < whole; start += PIECE_BYTES / size) {
      const piece = elements.subarray(start, Math.min(start + PIECE_BYTES / size, whole))
      view.set(piece, SCORES / size)
      clear(SCORES, SCORES + piece.byteLength, limit)
      piece.set(view.subarray(SCORES / size, SCORES / size + piece.length))
    }
  }
  for (let index = whole; index < elements.length; index++) if ((elements[index]! & magnitude) < limit) elements[index] = 0
}
