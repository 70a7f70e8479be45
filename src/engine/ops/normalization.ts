/** Batch normalisation in one kernel, and its gradients in another. Source: TensorFlow's FusedBatchNormV3. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { FLOAT, rawOp, type RawAttribute } from './raw.ts'

export interface Normalized {
  readonly y: Tensor
  /** Of the batch, [channels]. */
  readonly mean: Tensor
  /** Of the batch, [channels]; biased: the mean of the squares. */
  readonly variance: Tensor
}

/**
 * x [batch, height, width, channels] by the statistics of its channels; `scale` and `offset` [channels]. Mean and variance come without gradients.
 */
export function batchNormalize (x: Tensor, scale: Tensor, offset: Tensor, epsilon: number): Normalized {
  const [y, mean, unbiased] = run({ x, scale, offset }, epsilon)
  const count = x.size / x.shape.at(-1)!
  // The kernel gives the sum of squares over count - 1, and over 1 when there is one value.
  return { y: y!, mean: mean!, variance: tf.mul(unbiased!, Math.max(count - 1, 1) / count) }
}

const run = ownKernel<number, 'x' | 'scale' | 'offset'>({
  name: 'BatchNormalization',
  inputs: ['x', 'scale', 'offset'],
  outputs: 6,
  forward: ({ x, scale, offset }, epsilon) => {
    const none = tf.tensor1d([], 'float32')
    return rawOp('FusedBatchNormV3', { ...attributes(epsilon), exponential_avg_factor: { float: 1 } }, [x, scale, offset, none, none], 6)
  },
  gradients: ({ dy, inputs: { x, scale }, outputs: [,,, mean, variance, rest], c: epsilon }) => {
    // One kernel computes all three: it runs here, once, and the functions hand its outputs out.
    const [byX, byScale, byOffset] = rawOp('FusedBatchNormGradV3', attributes(epsilon), [dy, x, scale, mean!, variance!, rest!], 5)
    return { x: () => tf.clone(byX!), scale: () => tf.clone(byScale!), offset: () => tf.clone(byOffset!) }
  },
})

function attributes (epsilon: number): Record<string, RawAttribute> {
  return { T: FLOAT, U: FLOAT, epsilon: { float: epsilon }, data_format: { string: 'NHWC' }, is_training: { bool: true } }
}
