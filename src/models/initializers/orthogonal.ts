/** Orthogonal: directions that are at right angles, so that a recurrent state keeps its length. Source: Saxe et al. 2014; keras.initializers.Orthogonal. */
import { sizeOf } from '../tensor.ts'
import { standardNormal } from './draws.ts'
import { noMatrix, type Initializer } from './initializer.ts'

/** The tensor as a matrix [all axes but the last, last]: its columns, or its rows where these are fewer, are orthonormal, times `gain`. */
export const orthogonal: Initializer = (settings, { shape }, random) => {
  if (shape.length < 2) throw noMatrix(settings, shape)
  const gain = settings.number('gain', 1)
  const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape.at(-1)!]
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)]
  const next = standardNormal(random)
  const vectors = Array.from({ length: count }, () => Float64Array.from({ length }, next))
  orthonormalize(vectors)
  const values = new Float32Array(rows * columns)
  for (const [index, vector] of vectors.entries()) {
    for (let at = 0; at < length; at++) values[rows < columns ? index * columns + at : at * columns + index] = gain * vector[at]!
  }
  return values
}

/**
 * Makes vectors orthonormal, in place, by the modified Gram-Schmidt process. They become the Q of the QR decomposition whose R has a positive
 * diagonal, of which there is just one: Keras makes the same by changing signs. Random vectors are far from dependent, so float64 keeps the angles
 * right to about 1e-12.
 */
export function orthonormalize (vectors: readonly Float64Array[]): void {
  for (const [index, vector] of vectors.entries()) {
    for (const other of vectors.slice(0, index)) {
      const along = dot(vector, other)
      for (let at = 0; at < vector.length; at++) vector[at]! -= along * other[at]!
    }
    const norm = Math.sqrt(dot(vector, vector))
    for (let at = 0; at < vector.length; at++) vector[at]! /= norm
  }
}

function dot (a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return sum
}
