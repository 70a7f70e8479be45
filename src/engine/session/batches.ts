/** Batches for models that take a fixed number of examples at once: cut to it, the last one filled up with its last example. */
import { sizeOf, type SymbolicShape } from '../../models/tensor.ts'
import type { BatchArray } from '../predict.ts'

/** The first size of all inputs, where it is fixed and the same; null: any number of examples fits. */
export function fixedBatch (inputShapes: readonly SymbolicShape[]): number | null {
  const sizes = new Set(inputShapes.map(([size]) => size ?? null))
  const [only] = sizes
  return sizes.size === 1 ? only ?? null : null
}

/** Examples [from, from + size); what is beyond the last one repeats it. */
export function cutBatch ({ values, shape: [rows, ...rest] }: BatchArray, from: number, size: number): BatchArray {
  const step = sizeOf(rest)
  const cut = values.slice(from * step, (from + size) * step)
  const missing = from + size - rows!
  if (missing <= 0) return { values: cut, shape: [size, ...rest] }
  const filled = new Float32Array(size * step)
  filled.set(cut)
  for (let row = size - missing; row < size; row++) filled.copyWithin(row * step, (size - missing - 1) * step, (size - missing) * step)
  return { values: filled, shape: [size, ...rest] }
}

/** The first `rows` examples of the parts one behind the other. All parts have the same shape. */
export function joinBatches (parts: readonly BatchArray[], rows: number): BatchArray {
  const [, ...rest] = parts[0]!.shape
  const joined = new Float32Array(rows * sizeOf(rest))
  let at = 0
  for (const { values } of parts) {
    const taken = values.subarray(0, joined.length - at)
    joined.set(taken, at)
    at += taken.length
  }
  return { values: joined, shape: [rows, ...rest] }
}
