/** The singular value decomposition of a weight matrix, by the eigenvectors of the Gram matrix of its smaller side. */
import { eigenOf } from './eigen.ts'
import { gramOf, product, transposed } from './matrix.ts'

/**
 * A = U S V'. `singular` from the largest on; `vectors` has in its rows the singular vectors of the smaller side. Going over the Gram matrix, singular values
 * have an error of about 1e-8 of the largest, below that of float32 weights; vectors are orthonormal to 1e-13.
 */
export interface Svd {
  readonly rows: number
  readonly columns: number
  readonly side: 'rows' | 'columns'
  readonly singular: Float64Array
  readonly vectors: Float64Array
}

/** Of a matrix of `rows` x `columns` finite numbers, row-major. */
export function svdOf (matrix: Float32Array | Float64Array, rows: number, columns: number): Svd {
  const side = columns <= rows ? 'columns' : 'rows'
  const gram = side === 'columns' ? gramOf(matrix, rows, columns) : gramOf(transposed(matrix, rows, columns), columns, rows)
  const { values, vectors } = eigenOf(gram, Math.min(rows, columns))
  return { rows, columns, side, singular: values.map((value) => Math.sqrt(Math.max(0, value))), vectors }
}

/** Below this share of the largest, a singular value is rounding. */
const ROUNDING = 1e-7

/** The best approximation of the rank as a product: rows x rank, rank x columns, each with the root of the singular values (Eckart and Young 1936). */
export function factorsOf ({ rows, columns, side, singular, vectors }: Svd, matrix: Float32Array | Float64Array, rank: number): { left: Float32Array, right: Float32Array } {
  const size = Math.min(rows, columns)
  const basis = vectors.subarray(0, rank * size)
  const root = (at: number): number => singular[at]! > ROUNDING * singular[0]! ? Math.sqrt(singular[at]!) : 1
  if (side === 'columns') {
    const left = product(matrix, transposed(basis, rank, size), rows, columns, rank)
    return { left: Float32Array.from(left, (value, at) => value / root(at % rank)), right: Float32Array.from(basis, (value, at) => value * root(Math.floor(at / size))) }
  }
  const right = product(basis, matrix, rank, rows, columns)
  return {
    left: Float32Array.from(transposed(basis, rank, size), (value, at) => value * root(at % rank)),
    right: Float32Array.from(right, (value, at) => value / root(Math.floor(at / columns))),
  }
}
