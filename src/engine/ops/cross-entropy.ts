/** Softmax and sigmoid cross entropy from logits, with TensorFlow's kernels that give loss and gradient at once. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { rawOp } from './raw.ts'

const T = { type: 'float32' } as const

const runSparse = ownKernel({
  name: 'SparseCrossEntropy',
  inputs: ['logits', 'labels'],
  outputs: 2,
  forward: ({ logits, labels }) => rawOp('SparseSoftmaxCrossEntropyWithLogits', { T, Tlabels: { type: 'int32' } }, [logits, labels], 2),
  gradients: ({ dy, outputs: [, slope] }) => ({ logits: () => tf.mul(slope!, tf.expandDims(dy, 1)) }),
})

/** `logits` [n, classes], `labels` int32 [n]; gives [n]. */
export function sparseCrossEntropy (logits: Tensor, labels: Tensor): Tensor {
  return runSparse({ logits, labels }, undefined)[0]!
}

const runDense = ownKernel({
  name: 'CrossEntropy',
  inputs: ['logits', 'labels'],
  outputs: 2,
  forward: ({ logits, labels }) => rawOp('SoftmaxCrossEntropyWithLogits', { T }, [logits, labels], 2),
  gradients: ({ dy, outputs: [, slope] }) => ({ logits: () => tf.mul(slope!, tf.expandDims(dy, 1)) }),
})

/** `logits` and `labels` [n, classes]; gives [n]. */
export function crossEntropy (logits: Tensor, labels: Tensor): Tensor {
  return runDense({ logits, labels }, undefined)[0]!
}

/** Elementwise max(x, 0) - x z + log(1 + exp(-|x|)). Source: tf.nn.sigmoid_cross_entropy_with_logits. */
export function sigmoidCrossEntropy (logits: Tensor, labels: Tensor): Tensor {
  return tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))))
}
