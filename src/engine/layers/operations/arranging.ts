/** Operations that put values in another place, in TensorFlow's operations. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { movedOrder, partSizes, permutation, type Moved, type PadConfig, type RepeatConfig, type SplitConfig } from '../../../models/layers/operations/arranging.ts'
import { frontAxis } from '../../../models/layers/shapes.ts'
import { stretch, tile } from '../../ops/tile.ts'

export function reshaped (x: Tensor, shape: ReadonlyArray<number | null>): Tensor {
  return tf.reshape(x, shape.map((size) => size ?? -1))
}

export function transposed (x: Tensor, axes: readonly number[] | null): Tensor {
  return tf.transpose(x, permutation(axes, x.rank))
}

export function moved (x: Tensor, c: Moved): Tensor {
  return tf.transpose(x, movedOrder(c, x.rank))
}

export function withNewAxes (x: Tensor, axes: readonly number[]): Tensor {
  const rank = x.rank + axes.length
  const added = new Set(axes.map((axis) => frontAxis(axis, rank)))
  const rest = [...x.shape]
  return tf.reshape(x, Array.from({ length: rank }, (_, axis) => added.has(axis) ? 1 : rest.shift()!))
}

export function squeezed (x: Tensor, axes: readonly number[] | null): Tensor {
  const gone = axes?.map((axis) => frontAxis(axis, x.rank)) ?? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1)
  return tf.reshape(x, x.shape.filter((_, axis) => !gone.includes(axis)))
}

export function concatenated (xs: readonly Tensor[], axis: number): Tensor {
  return tf.concat([...xs], frontAxis(axis, xs[0]!.rank))
}

export function splitParts (x: Tensor, c: SplitConfig): Tensor[] {
  return tf.split(x, partSizes(c, x.shape), frontAxis(c.axis, x.rank))
}

export function unstacked (x: Tensor, axis: number): Tensor[] {
  return tf.unstack(x, frontAxis(axis, x.rank))
}

export function flip (x: Tensor, axes: readonly number[] | null): Tensor {
  return tf.reverse(x, axes === null ? [...x.shape.keys()] : axes.map((axis) => frontAxis(axis, x.rank)))
}

export function tiled (x: Tensor, repeats: readonly number[]): Tensor {
  const rank = Math.max(x.rank, repeats.length)
  const full = (list: readonly number[]) => [...new Array<number>(rank - list.length).fill(1), ...list]
  return tile(tf.reshape(x, full(x.shape)), full(repeats))
}

/** Each slice along the axis `count` times in a row. */
export function repeated (x: Tensor, { axis, count }: RepeatConfig): Tensor {
  const at = frontAxis(axis, x.rank)
  const apart = tf.reshape(x, [...x.shape.slice(0, at + 1), 1, ...x.shape.slice(at + 1)])
  const copies = tile(apart, apart.shape.map((_, other) => other === at + 1 ? count : 1))
  return tf.reshape(copies, x.shape.map((size, other) => other === at ? size * count : size))
}

export function broadcastTo (x: Tensor, shape: ReadonlyArray<number | null>): Tensor {
  return stretch(x, shape.map((size) => size ?? 1))
}

export function padded (x: Tensor, { pairs, value }: PadConfig): Tensor {
  return tf.pad(x, pairs.map(([before, after]) => [before, after]), value)
}
