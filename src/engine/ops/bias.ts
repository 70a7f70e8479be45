/** A vector added along the last axis, in the form that TensorFlow fuses with the convolution or product before it. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { FLOAT, rawOp } from './raw.ts'

/** x [..., n] of at least two axes plus bias [n]. */
export function biasAdd (x: Tensor, bias: Tensor): Tensor {
  return run({ x, bias }, undefined)[0]!
}

const FORMAT = { T: FLOAT, data_format: { string: 'NHWC' } } as const

const run = ownKernel({
  name: 'BiasAdd',
  inputs: ['x', 'bias'],
  forward: ({ x, bias }) => rawOp('BiasAdd', FORMAT, [x, bias]),
  gradients: ({ dy }) => ({
    x: () => tf.clone(dy),
    bias: () => rawOp('BiasAddGrad', FORMAT, [dy])[0]!,
  }),
})
