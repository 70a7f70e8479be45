/** Rows by index. tfjs-core's own gather reads the indices to JavaScript, which a recorded step cannot. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { rawOp } from './raw.ts'

const Tindices = { type: 'int32' } as const

const run = ownKernel({
  name: 'GatherRows',
  inputs: ['x', 'rows'],
  forward: ({ x, rows }) => rawOp('GatherV2', { Tparams: { type: 'float32' }, Tindices, Taxis: { type: 'int32' }, batch_dims: { int: 0 } }, [x, rows, tf.scalar(0, 'int32')]),
  gradients: ({ dy, inputs: { x, rows } }) => ({
    x: () => segmentSum(dy, rows, x.shape[0]!),
  }),
})

/** `x` [n, ...rest] float32, `rows` int32 of any shape; gives [...rows.shape, ...rest]. */
export function gatherRows (x: Tensor, rows: Tensor): Tensor {
  return run({ x, rows }, undefined)[0]!
}

/** Sums of the values [...rows.shape, ...rest] that belong to each of `count` rows: [count, ...rest]. */
export function segmentSum (values: Tensor, rows: Tensor, count: number): Tensor {
  return rawOp('UnsortedSegmentSum', { T: { type: 'float32' }, Tindices, Tnumsegments: { type: 'int32' } }, [values, rows, tf.scalar(count, 'int32')])[0]!
}
