/** Where a ranking of magnitudes is cut. */

/** All below `bits` go, and of those equal to it the first `ties`, in the order of tensors and then of elements. */
export interface Cut {
  /** The float32 bits of the largest magnitude that goes. */
  readonly bits: number
  readonly magnitude: number
  readonly ties: number
  /** How many are equal to it, where that is known. When all of them go, making the cut need not count them. */
  readonly equal?: number
}

/** Without the sign: the bits of non-negative float32 numbers, read as integers, stand in the numbers' order. */
export const MAGNITUDE = 0x7fffffff
/** The same of numbers of 16 bits. */
export const HALF_MAGNITUDE = 0x7fff
/** From here on the exponent is all ones: infinities and NaN. */
export const FIRST_NOT_FINITE = 0x7f800000

const bitsOfOne = new Int32Array(1)
const one = new Float32Array(bitsOfOne.buffer)

export function cutAt (bits: number, ties: number, equal: number): Cut {
  bitsOfOne[0] = bits
  return { bits, magnitude: one[0]!, ties, equal }
}

export function bitsOf (values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length)
}
