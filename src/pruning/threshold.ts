/** Pruning by a threshold: a weight goes when its magnitude is not above it. */
import { assertFinite } from './select.ts'
import { totalsOf, type PruneReport } from './prune.ts'
import { countZeros } from './sparse.ts'

/** Standard deviation of the weights of a tensor, summed in double precision. */
export function deviationOf (values: Float32Array): number {
  const mean = sumOf(values, 0, (value) => value) / values.length
  return Math.sqrt(sumOf(values, 0, (value) => (value - mean) ** 2) / values.length)
}

/** The same of values that are read in pieces, twice. */
export async function deviationOfChunks (chunks: () => AsyncIterable<Float32Array>): Promise<number> {
  let [sum, squares, count] = [0, 0, 0]
  for await (const piece of chunks()) {
    sum = sumOf(piece, sum, (value) => value)
    count += piece.length
  }
  const mean = sum / count
  for await (const piece of chunks()) squares = sumOf(piece, squares, (value) => (value - mean) ** 2)
  return Math.sqrt(squares / count)
}

function sumOf (values: Float32Array, from: number, of: (value: number) => number): number {
  let sum = from
  for (const value of values) sum += of(value)
  return sum
}

/** A tensor with the threshold that holds for it. `values` is changed in place. */
export interface ThresholdTensor {
  readonly name: string
  readonly layer: string
  readonly values: Float32Array
  readonly threshold: number
}

/**
 * Zeroes in place every w with |w| <= fround(threshold). The threshold is rounded to float32 as the weights were, so that a weight written as 0.1
 * goes at threshold 0.1. Throws `invalid-model` for NaN or infinite weights, before anything is changed.
 */
export function pruneThreshold (pool: readonly ThresholdTensor[]): PruneReport {
  for (const { name, values } of pool) assertFinite(name, values)
  const tensors = pool.map(({ name, layer, values, threshold }) => {
    const zerosBefore = countZeros(values)
    const limit = Math.fround(threshold)
    for (let index = 0; index < values.length; index++) if (Math.abs(values[index]!) <= limit) values[index] = 0
    return { name, layer, weights: values.length, asked: null, zerosBefore, zeros: countZeros(values), threshold: limit }
  })
  const totals = totalsOf(tensors)
  return { ...totals, tensors, asked: totals.zeros, threshold: null }
}
