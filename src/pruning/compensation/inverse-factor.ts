/** What one pass over the columns of a kernel needs of its Hessian: the upper Cholesky factor of the inverse, without ever forming the inverse. */
import { EspalierError } from '../../errors.ts'

/** Share of the mean diagonal that is added to it. Source: Frantar and Alistarh 2023, the authors' code. */
const DAMPING = 0.01

/**
 * U, upper triangular, row-major [size, size] in double precision, with U^T U = (H + damping)^-1; H is symmetric, row-major. Inputs that are never other than 0 have
 * a diagonal of 0: they get 1, which parts them from the rest. Row i of U then has the column of the inverse that is left when the columns before i are taken out, over the root of
 * its diagonal. With the order of rows and columns turned round, H = L L^T gives U as the inverse of L turned round.
 */
export function inverseFactor (hessian: Float32Array, size: number): Float64Array {
  const turned = new Float64Array(size * size)
  let trace = 0
  for (let at = 0; at < size; at++) trace += hessian[at * size + at]!
  const damping = DAMPING * trace / size
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) turned[row * size + column] = hessian[(size - 1 - row) * size + size - 1 - column]!
    const diagonal = turned[row * size + row]!
    turned[row * size + row] = diagonal === 0 ? 1 : diagonal + damping
  }
  factorize(turned, size)
  invertLower(turned, size)
  const upper = new Float64Array(size * size)
  for (let row = 0; row < size; row++) for (let column = 0; column <= row; column++) upper[(size - 1 - row) * size + size - 1 - column] = turned[row * size + column]!
  return upper
}

/** The lower Cholesky factor in place of the lower triangle. */
function factorize (a: Float64Array, size: number): void {
  for (let row = 0; row < size; row++) {
    const own = row * size
    for (let column = 0; column <= row; column++) {
      const other = column * size
      let rest = a[own + column]!
      for (let at = 0; at < column; at++) rest -= a[own + at]! * a[other + at]!
      if (column < row) a[own + column] = rest / a[other + column]!
      else if (rest > 0) a[own + row] = Math.sqrt(rest)
      else throw new EspalierError('internal', `the Hessian is not positive definite at column ${size - 1 - row} of ${size}`)
    }
  }
}

/** The inverse of a lower triangular matrix in its place, row by row. */
function invertLower (a: Float64Array, size: number): void {
  const sums = new Float64Array(size)
  for (let row = 0; row < size; row++) {
    const own = row * size
    sums.fill(0, 0, row)
    for (let at = 0; at < row; at++) {
      const factor = a[own + at]!
      if (factor === 0) continue
      const done = at * size
      for (let column = 0; column <= at; column++) sums[column]! += factor * a[done + column]!
    }
    const inverse = 1 / a[own + row]!
    for (let column = 0; column < row; column++) a[own + column] = -sums[column]! * inverse
    a[own + row] = inverse
  }
}
