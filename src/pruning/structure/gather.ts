/** Takes places out of a tensor along any of its axes. */
import type { Shape } from '../../models/tensor.ts'

/** `kept`: for each axis the places that stay, in order; null: all. Row-major. */
export function gather (values: Float32Array, shape: Shape, kept: ReadonlyArray<readonly number[] | null>): { readonly shape: number[], readonly values: Float32Array } {
  const result = shape.map((size, axis) => kept[axis]?.length ?? size)
  const taken = new Float32Array(result.reduce((product, size) => product * size, 1))
  // Axes behind the last that loses places are copied as one run.
  const last = kept.findLastIndex((places) => places !== null)
  const run = shape.slice(last + 1).reduce((product, size) => product * size, 1)
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))
  let at = 0
  // Most numbers are copied at this axis, or behind it: without calls.
  const copyLast = (from: number): void => {
    const places = kept[last]!
    if (run === 1) for (const place of places) taken[at++] = values[from + place]!
    else {
      for (const place of places) {
        const start = from + place * run
        if (run < SHORT) for (let index = start; index < start + run; index++) taken[at++] = values[index]!
        else {
          taken.set(values.subarray(start, start + run), at)
          at += run
        }
      }
    }
  }
  const copy = (axis: number, from: number): void => {
    if (axis === last) copyLast(from)
    else for (let index = 0; index < result[axis]!; index++) copy(axis + 1, from + (kept[axis]?.[index] ?? index) * strides[axis]!)
  }
  if (last < 0) taken.set(values)
  else copy(0, 0)
  return { shape: result, values: taken }
}

/** Runs shorter than this are copied one by one: a view of them costs more. */
const SHORT = 32
