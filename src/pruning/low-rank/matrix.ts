/** Products of matrices in float64, row-major. */

type Numbers = Float32Array | Float64Array

/** Rows that are added at once: the sums are read and written less often. */
const ROWS = 4

/** A'A of a matrix of `rows` x `columns`: columns x columns. */
export function gramOf (a: Numbers, rows: number, columns: number): Float64Array {
  const gram = new Float64Array(columns * columns)
  // Rows past the last are zero.
  const row = (at: number): Numbers => at < rows ? a.subarray(at * columns, (at + 1) * columns) : new Float64Array(columns)
  for (let first = 0; first < rows; first += ROWS) {
    const [p, q, r, s] = [row(first), row(first + 1), row(first + 2), row(first + 3)]
    for (let i = 0; i < columns; i++) {
      const [pi, qi, ri, si] = [p[i]!, q[i]!, r[i]!, s[i]!]
      const at = i * columns
      for (let j = i; j < columns; j++) gram[at + j]! += pi * p[j]! + qi * q[j]! + ri * r[j]! + si * s[j]!
    }
  }
  for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) gram[i * columns + j] = gram[j * columns + i]!
  return gram
}

/** A B of `rows` x `inner` and `inner` x `columns`. */
export function product (a: Numbers, b: Numbers, rows: number, inner: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const [factor, from, to] = [a[i * inner + k]!, k * columns, i * columns]
      for (let j = 0; j < columns; j++) result[to + j]! += factor * b[from + j]!
    }
  }
  return result
}

export function transposed (a: Numbers, rows: number, columns: number): Float64Array {
  const result = new Float64Array(a.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = a[i * columns + j]!
  return result
}
