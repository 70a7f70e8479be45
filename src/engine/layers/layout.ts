/** Axes put where TensorFlow's kernels want them: channels last, at least two spatial axes. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { DataFormat } from '../../models/layers/reader.ts'
import { stridedSlice } from '../ops/strided-slice.ts'

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

/** Every `stride`-th position of an axis. */
export function pick (x: Tensor, axis: number, stride: number): Tensor {
  return stridedSlice(x, { begins: x.shape.map(() => 0), ends: x.shape, strides: x.shape.map((_, at) => at === axis ? stride : 1) })
}

/** Each position of an axis `times` times. */
export function repeat (x: Tensor, axis: number, times: number): Tensor {
  if (times === 1) return x
  return tf.reshape(tf.stack(new Array<Tensor>(times).fill(x), axis + 1), x.shape.map((size, at) => at === axis ? size * times : size))
}

/** Zeros added before and after some axes. */
export function pad (x: Tensor, edges: ReadonlyMap<number, readonly [number, number]>): Tensor {
  return tf.pad(x, range(0, x.rank).map((axis): [number, number] => [...edges.get(axis) ?? [0, 0] as const]))
}

export function range (from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index)
}
