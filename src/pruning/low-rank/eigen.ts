/** All eigenvalues and eigenvectors of a symmetric matrix, in float64. */
import { EspalierError } from '../../errors.ts'

/** Eigenvalues from the largest on, and their vectors: row j of `vectors`, row-major, of unit length. */
export interface Eigen { readonly values: Float64Array, readonly vectors: Float64Array }

/** Each eigenvalue takes two or three; more tell of a matrix that is no number somewhere. */
const MAX_SWEEPS = 60

/**
 * Of a symmetric matrix of `size` x `size` numbers, row-major, which is overwritten: Householder reduction to a tridiagonal matrix, then implicit QL with
 * Wilkinson's shift. Errors of values are of the order of 1e-16 of the largest one. Source: Golub and Van Loan, Matrix Computations, 8.3.
 */
export function eigenOf (matrix: Float64Array, size: number): Eigen {
  const diagonal = new Float64Array(size)
  const beside = new Float64Array(size)
  const vectors = tridiagonal(matrix, size, diagonal, beside)
  diagonalize(diagonal, beside, vectors, size)
  const order = [...diagonal.keys()].sort((a, b) => diagonal[b]! - diagonal[a]!)
  const sorted = new Float64Array(size * size)
  order.forEach((from, to) => { sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size) })
  return { values: Float64Array.from(order, (at) => diagonal[at]!), vectors: sorted }
}

/** A = Q T Q'; gives Q', and the diagonal of T and the one beside it. */
function tridiagonal (a: Float64Array, n: number, diagonal: Float64Array, beside: Float64Array): Float64Array {
  const reflections: Array<{ readonly v: Float64Array, readonly beta: number }> = []
  for (let k = 0; k < n - 2; k++) {
    const [first, left] = [k + 1, n - k - 1]
    const v = Float64Array.from({ length: left }, (_, at) => a[(first + at) * n + k]!)
    const norm = Math.hypot(...chunked(v))
    const alpha = v[0]! > 0 ? -norm : norm
    v[0]! -= alpha
    const square = dot(v, v)
    const beta = square === 0 ? 0 : 2 / square
    beside[k] = alpha
    reflections.push({ v, beta })
    if (beta !== 0) reflect(a, n, first, v, beta)
  }
  for (let k = 0; k < n; k++) diagonal[k] = a[k * n + k]!
  if (n > 1) beside[n - 2] = a[(n - 1) * n + n - 2]!
  return accumulated(reflections, n)
}

/** Norms of pieces, as a call takes only so many arguments. */
function chunked (v: Float64Array): number[] {
  const norms: number[] = []
  for (let at = 0; at < v.length; at += 4096) norms.push(Math.hypot(...v.subarray(at, at + 4096)))
  return norms
}

/** The part of the matrix from row and column `first` on becomes H A H with H = 1 - beta v v'. */
function reflect (a: Float64Array, n: number, first: number, v: Float64Array, beta: number): void {
  const p = new Float64Array(v.length)
  for (let i = 0; i < v.length; i++) p[i] = beta * dot(a.subarray((first + i) * n + first, (first + i + 1) * n), v)
  const half = beta / 2 * dot(p, v)
  for (let i = 0; i < v.length; i++) p[i]! -= half * v[i]!
  for (let i = 0; i < v.length; i++) {
    const [row, vi, pi] = [(first + i) * n + first, v[i]!, p[i]!]
    for (let j = 0; j < v.length; j++) a[row + j]! -= vi * p[j]! + pi * v[j]!
  }
}

/** The transpose of the product of all reflections. */
function accumulated (reflections: ReadonlyArray<{ readonly v: Float64Array, readonly beta: number }>, n: number): Float64Array {
  const q = new Float64Array(n * n)
  for (let k = 0; k < n; k++) q[k * n + k] = 1
  for (let k = reflections.length - 1; k >= 0; k--) {
    const { v, beta } = reflections[k]!
    const first = k + 1
    const sums = new Float64Array(v.length)
    for (let i = 0; i < v.length; i++) addTimes(sums, q.subarray((first + i) * n + first, (first + i + 1) * n), v[i]!)
    for (let i = 0; i < v.length; i++) addTimes(q.subarray((first + i) * n + first, (first + i + 1) * n), sums, -beta * v[i]!)
  }
  const transposed = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) transposed[j * n + i] = q[i * n + j]!
  return transposed
}

/** Turns T into its eigenvalues, and the rows of `vectors` along. */
function diagonalize (d: Float64Array, e: Float64Array, vectors: Float64Array, n: number): void {
  const tiny = Number.EPSILON ** 2 * d.reduce((largest, value, at) => Math.max(largest, Math.abs(value), Math.abs(e[at]!)), 0)
  for (let l = 0; l < n; l++) {
    for (let sweeps = 0; ; sweeps++) {
      let m = l
      while (m < n - 1 && Math.abs(e[m]!) > Math.max(tiny, Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!)))) m++
      if (m === l) break
      if (sweeps === MAX_SWEEPS) throw new EspalierError('internal', `the eigenvalues of a matrix of ${n} x ${n} were not found`, { size: n })
      sweep(d, e, vectors, n, l, m)
    }
  }
}

/** One implicit QL step on rows `l` to `m`. */
function sweep (d: Float64Array, e: Float64Array, vectors: Float64Array, n: number, l: number, m: number): void {
  const lean = (d[l + 1]! - d[l]!) / (2 * e[l]!)
  let g = d[m]! - d[l]! + e[l]! / (lean + Math.sign(lean || 1) * Math.hypot(lean, 1))
  let [s, c, p] = [1, 1, 0]
  for (let i = m - 1; i >= l; i--) {
    const [f, b] = [s * e[i]!, c * e[i]!]
    const r = Math.hypot(f, g)
    e[i + 1] = r
    if (r === 0) {
      d[i + 1]! -= p
      e[m] = 0
      return
    }
    s = f / r
    c = g / r
    const h = d[i + 1]! - p
    const t = (d[i]! - h) * s + 2 * c * b
    p = s * t
    d[i + 1] = h + p
    g = c * t - b
    rotate(vectors.subarray(i * n, (i + 1) * n), vectors.subarray((i + 1) * n, (i + 2) * n), c, s)
  }
  d[l]! -= p
  e[l] = g
  e[m] = 0
}

function rotate (x: Float64Array, y: Float64Array, c: number, s: number): void {
  for (let at = 0; at < x.length; at++) {
    const [one, other] = [x[at]!, y[at]!]
    y[at] = s * one + c * other
    x[at] = c * one - s * other
  }
}

function addTimes (to: Float64Array, what: Float64Array, factor: number): void {
  if (factor === 0) return
  for (let at = 0; at < to.length; at++) to[at]! += factor * what[at]!
}

function dot (a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return sum
}
