/** Check sums of bytes, added up where these lie among the pieces of files, or in a window. */
import { LAYOUT, PIECE_BYTES, TURN_BYTES } from './layout.ts'
import { window } from './window.ts'

/** Bytes that go into check sums at once. */
export const SUMMED_BYTES = TURN_BYTES
/** Words of the check sums. */
export const SUM_WORDS = 32

const { scores: WINDOW, second: STATE } = LAYOUT

/** Adds a multiple of SUMMED_BYTES to check sums of SUM_WORDS words, which begin as zeros. */
export function addSums (sums: Int32Array, raw: Uint8Array): void {
  if (raw.length === 0) return
  const { kernels, buffer, words, bytes } = window()
  words.set(sums, STATE / 4)
  if (raw.buffer === buffer) kernels.sum(raw.byteOffset, raw.byteOffset + raw.length, STATE)
  else {
    for (let start = 0; start < raw.length; start += PIECE_BYTES) {
      const piece = raw.subarray(start, start + PIECE_BYTES)
      bytes.set(piece, WINDOW)
      kernels.sum(WINDOW, WINDOW + piece.length, STATE)
    }
  }
  sums.set(words.subarray(STATE / 4, STATE / 4 + SUM_WORDS))
}
