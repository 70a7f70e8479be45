/** Constants in another order, computed when a graph is made. */
import { sizeOf, type Shape } from '../tensor.ts'

type Numbers = Float32Array | Int32Array

/** Row-major numbers of `shape` with the axes in another order. */
export function permuted<T extends Numbers> (numbers: T, shape: Shape, order: readonly number[]): T {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  const result = numbers.slice() as T
  let to = 0
  const walk = (depth: number, from: number): void => {
    if (depth === order.length) {
      result[to++] = numbers[from]!
      return
    }
    const axis = order[depth]!
    for (let at = 0; at < shape[axis]!; at++) walk(depth + 1, from + at * strides[axis]!)
  }
  walk(0, 0)
  return result
}

export interface Cut { readonly axis: number, readonly begin: number, readonly count: number, readonly stride: number }

/** Some of the positions of one axis. */
export function sliced<T extends Numbers> (numbers: T, shape: Shape, { axis, begin, count, stride }: Cut): T {
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))]
  const result = numbers.slice(0, outer * count * inner) as T
  for (let row = 0; row < outer; row++) {
    for (let at = 0; at < count; at++) {
      const from = (row * shape[axis]! + begin + at * stride) * inner
      result.set(numbers.subarray(from, from + inner), (row * count + at) * inner)
    }
  }
  return result
}

/** The kernel with zeros between its positions, which makes a plain convolution a dilated one. */
export function spreadKernel (numbers: Float32Array, shape: Shape, dilation: readonly number[]): { numbers: Float32Array, shape: number[] } {
  const wide = shape.map((size, axis) => axis < dilation.length ? (size - 1) * dilation[axis]! + 1 : size)
  const result = new Float32Array(sizeOf(wide))
  const inner = sizeOf(shape.slice(dilation.length))
  for (let position = 0; position < numbers.length / inner; position++) {
    let [rest, to, step] = [position, 0, 1]
    for (let axis = dilation.length - 1; axis >= 0; axis--) {
      to += (rest % shape[axis]!) * dilation[axis]! * step
      rest = Math.floor(rest / shape[axis]!)
      step *= wide[axis]!
    }
    result.set(numbers.subarray(position * inner, (position + 1) * inner), to * inner)
  }
  return { numbers: result, shape: wide }
}
