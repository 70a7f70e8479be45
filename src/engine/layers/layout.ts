/** Axes put where TensorFlow's kernels want them: channels last, at least two spatial axes. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { DataFormat } from '../../models/layers/reader.ts'

/** [batch, channels, ...positions] as [batch, ...positions, channels]; kernels for the CPU know only the latter. */
export function channelsLast (x: Tensor, format: DataFormat): Tensor {
  return format === 'channels_last' ? x : tf.transpose(x, [0, ...range(2, x.rank), 1])
}

/** The way back from `channelsLast`. */
export function channelsBack (x: Tensor, format: DataFormat): Tensor {
  return format === 'channels_last' ? x : tf.transpose(x, [0, x.rank - 1, ...range(1, x.rank - 1)])
}

/** The axes of the positions of a tensor that has `rank` axes. */
export function spatialAxes (format: DataFormat, rank: number): number[] {
  return format === 'channels_last' ? range(1, rank - 1) : range(2, rank)
}

/** Runs `run` on one spatial axis as on two, the first of size 1. */
export function asImage (x: Tensor, run: (image: tf.Tensor4D) => Tensor): Tensor {
  return tf.squeeze(run(tf.expandDims(x, 1)), [1])
}

/** Every `stride`-th position of an axis, or each position `times` times. */
export function pick (x: Tensor, axis: number, { stride = 1, times = 1 }): Tensor {
  const count = Math.ceil(x.shape[axis]! / stride) * times
  return tf.gather(x, tf.tensor1d(range(0, count).map((index) => Math.floor(index / times) * stride), 'int32'), axis)
}

/** Zeros added before and after some axes. */
export function pad (x: Tensor, edges: ReadonlyMap<number, readonly [number, number]>): Tensor {
  return tf.pad(x, range(0, x.rank).map((axis): [number, number] => [...edges.get(axis) ?? [0, 0] as const]))
}

export function range (from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index)
}
