/** What zeros are worth: counts, and the size of weights that are stored without them. */

/** How many values are zero; -0 is. */
export function countZeros (values: Float32Array): number {
  let zeros = 0
  for (let index = 0; index < values.length; index++) if (values[index] === 0) zeros++
  return zeros
}

export function countNonzeros (values: Float32Array): number {
  return values.length - countZeros(values)
}

/** Bytes of `weights` numbers of which `nonzeros` are not zero, as a bitmap (one bit each) and the float32 values that are not zero. */
export function sparseBytes (weights: number, nonzeros: number): number {
  return Math.ceil(weights / 8) + 4 * nonzeros
}
