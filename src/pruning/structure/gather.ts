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
  const copy = (axis: number, from: number): void => {
    if (axis > last) {
      taken.set(values.subarray(from, from + run), at)
      at += run
      return
    }
    const places = kept[axis]
    const [size, stride] = [result[axis]!, strides[axis]!]
    if (axis === last && run === 1) {
      for (let index = 0; index < size; index++) taken[at++] = values[from + places![index]!]!
      return
    }
    for (let index = 0; index < size; index++) copy(axis + 1, from + (places?.[index] ?? index) * stride)
  }
  copy(0, 0)
  return { shape: result, values: taken }
}
