/** Losses that ask for a margin between right and wrong. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from '../../ops/kernel.ts'
import { elementwise, type Loss } from './loss.ts'

export const hinge = elementwise(shortfall)

export const squaredHinge = elementwise((y, p) => tf.square(shortfall(y, p)))

/** The best wrong class must stay 1 below the right one. Targets are one-hot rows. */
export const categoricalHinge: Loss = {
  perExample (targets, outputs) {
    const right = tf.sum(tf.mul(targets, outputs), -1)
    const wrong = largest({ x: tf.mul(tf.sub(1, targets), outputs) }, undefined)[0]!
    return tf.maximum(tf.add(tf.sub(wrong, right), 1), 0)
  },
}

/** Largest value of the last axis; values that tie share the gradient, as in TensorFlow. */
const largest = ownKernel({
  name: 'LargestOfLast',
  inputs: ['x'],
  forward: ({ x }) => [tf.max(x, -1)],
  gradients: ({ dy, inputs: { x }, outputs: [top] }) => ({
    x () {
      const tied = tf.cast(tf.equal(x, tf.expandDims(top!, -1)), 'float32')
      return tf.mul(tied, tf.div(tf.expandDims(dy, -1), tf.sum(tied, -1, true)))
    },
  }),
})

/** How much is missing to a margin of 1; at the margin itself the gradient is that of a shortfall, as TensorFlow's maximum has it. */
function shortfall (y: Tensor, p: Tensor): Tensor {
  return tf.maximum(tf.sub(1, tf.mul(signed(y), p)), 0)
}

/** Targets of 0 and 1 as -1 and 1. A batch that holds a -1 is signed already. */
function signed (y: Tensor): Tensor {
  const binary = tf.all(tf.logicalOr(tf.equal(y, 0), tf.equal(y, 1)))
  return tf.where(binary, tf.sub(tf.mul(2, y), 1), y)
}
