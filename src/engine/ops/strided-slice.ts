/** Every n-th value along the axes, with a gradient; tfjs has none. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { FLOAT, INT, rawOp, type RawAttribute } from './raw.ts'

/** One entry per axis; `ends` are exclusive, all counted as in NumPy with positive strides. */
export interface Slicing { readonly begins: readonly number[], readonly ends: readonly number[], readonly strides: readonly number[] }

/** x float32 at begins, begins + strides, ... before ends. */
export function stridedSlice (x: Tensor, slicing: Slicing): Tensor {
  return run({ x }, slicing)[0]!
}

const NO_MASK = { int: 0 }

const ATTRIBUTES: Readonly<Record<string, RawAttribute>> = {
  T: FLOAT, Index: INT, begin_mask: NO_MASK, end_mask: NO_MASK, ellipsis_mask: NO_MASK, new_axis_mask: NO_MASK, shrink_axis_mask: NO_MASK,
}

const run = ownKernel<Slicing, 'x'>({
  name: 'StridedSlice',
  inputs: ['x'],
  forward: ({ x }, c) => rawOp('StridedSlice', ATTRIBUTES, [x, ...ranges(c)]),
  gradients: ({ dy, inputs: { x }, c }) => ({ x: () => rawOp('StridedSliceGrad', ATTRIBUTES, [tf.tensor1d(x.shape, 'int32'), ...ranges(c), dy])[0]! }),
})

function ranges ({ begins, ends, strides }: Slicing): Tensor[] {
  return [begins, ends, strides].map((values) => tf.tensor1d([...values], 'int32'))
}
