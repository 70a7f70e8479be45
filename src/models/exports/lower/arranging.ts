/** Lowers operations that put values in another place or take a part of them. */
import { movedOrder, partSizes, permutation, type Moved, type RepeatConfig, type SplitConfig } from '../../layers/operations/arranging.ts'
import { indexed, stepsOf, type GetItemConfig, type TakeConfig } from '../../layers/operations/indexing.ts'
import { frontAxis } from '../../layers/shapes.ts'
import type { SymbolicShape } from '../../tensor.ts'
import { knownShape, type GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { notExported } from './lowering.ts'
import { repeat } from './reshaping.ts'

/** Null is what remains: with a batch that is only known with the data it must be the batch. */
export function reshaped (g: GraphBuilder, x: Value, shape: SymbolicShape): Value {
  const [total, known] = [product(x.shape), product(shape.filter((size) => size !== null))!]
  return g.reshape(x, total === null ? shape : shape.map((size) => size ?? total / known))
}

export function transposed (g: GraphBuilder, x: Value, axes: readonly number[] | null): Value {
  return g.transpose(x, permutation(axes, x.shape.length))
}

export function moved (g: GraphBuilder, x: Value, c: Moved): Value {
  return g.transpose(x, movedOrder(c, x.shape.length))
}

export function withNewAxes (g: GraphBuilder, x: Value, axes: readonly number[]): Value {
  const rank = x.shape.length + axes.length
  const added = new Set(axes.map((axis) => frontAxis(axis, rank)))
  const rest = [...x.shape]
  return g.reshape(x, Array.from({ length: rank }, (_, axis) => added.has(axis) ? 1 : rest.shift()!))
}

export function squeezed (g: GraphBuilder, x: Value, axes: readonly number[] | null): Value {
  const gone = axes?.map((axis) => frontAxis(axis, x.shape.length)) ?? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1)
  return g.reshape(x, x.shape.filter((_, axis) => !gone.includes(axis)))
}

export function splitParts (g: GraphBuilder, x: Value, c: SplitConfig): Value[] {
  let begin = 0
  return partSizes(c, x.shape).map((size) => {
    const part = g.slice(x, c.axis, begin, size)
    begin += size
    return part
  })
}

export function unstacked (g: GraphBuilder, x: Value, axis: number): Value[] {
  const at = frontAxis(axis, x.shape.length)
  const shape = x.shape.filter((_, other) => other !== at)
  return Array.from({ length: knownShape([x.shape[at]!], g.layer)[0]! }, (_, index) => g.reshape(g.slice(x, at, index, 1), shape))
}

export function flip (g: GraphBuilder, x: Value, axes: readonly number[] | null): Value {
  return (axes ?? [...x.shape.keys()]).reduce((y, axis) => g.apply('reverse', [y], y.shape, { axis: frontAxis(axis, y.shape.length) }, y.type), x)
}

export function tiled (g: GraphBuilder, x: Value, repeats: readonly number[]): Value {
  const rank = Math.max(x.shape.length, repeats.length)
  const full = <T>(list: readonly T[]): Array<T | 1> => [...new Array<1>(rank - list.length).fill(1), ...list]
  const times = full(repeats)
  const y = g.reshape(x, full(x.shape))
  if (times.some((one, axis) => one !== 1 && y.shape[axis] === null)) throw notExported(g, 'it repeats the batch')
  return g.tile(y, times)
}

/** Each slice along the axis `count` times in a row. */
export function repeated (g: GraphBuilder, x: Value, { axis, count }: RepeatConfig): Value {
  return repeat(g, x, frontAxis(axis, x.shape.length), count)
}

/** Slices first, then axes of one index go and new ones come. */
export function item (g: GraphBuilder, x: Value, { key }: GetItemConfig): Value {
  const shape: Array<number | null> = []
  let value = x
  for (const part of indexed(key, x.shape)) {
    if (part.kind === 'new') {
      shape.push(1)
      continue
    }
    const size = x.shape[part.axis]!
    const isWhole = part.kind === 'slice' && part.start === null && part.stop === null && part.step === 1
    if (size === null && !isWhole) throw notExported(g, 'it takes a part of an axis whose size is only known with the data')
    if (part.kind === 'index') {
      value = along(g, value, part.axis, [part.index < 0 ? part.index + size! : part.index])
    } else {
      const positions = isWhole ? undefined : stepsOf(part, size!)
      if (positions !== undefined) value = along(g, value, part.axis, positions)
      shape.push(positions?.length ?? size)
    }
  }
  return g.reshape(value, shape)
}

export function taken (g: GraphBuilder, x: Value, { axis, indices, shape }: TakeConfig): Value {
  const at = frontAxis(axis, x.shape.length)
  const [size] = knownShape([x.shape[at]!], g.layer)
  const positions = indices.map((index) => index < 0 ? index + size! : index)
  return g.reshape(along(g, x, at, positions), [...x.shape.slice(0, at), ...shape, ...x.shape.slice(at + 1)])
}

/** The positions of one axis: a slice when they follow one another. */
function along (g: GraphBuilder, x: Value, axis: number, positions: readonly number[]): Value {
  const [first = 0] = positions
  if (positions.length === 0) throw notExported(g, 'it takes nothing')
  if (positions.every((position, index) => position === first + index)) return g.slice(x, axis, first, positions.length)
  return g.gather(x, g.integers(positions), axis)
}

function product (shape: SymbolicShape): number | null {
  return shape.reduce<number | null>((all, size) => all === null || size === null ? null : all * size, 1)
}
