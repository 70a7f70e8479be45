/** Values along the last axis in falling order, with a gradient; tfjs has none. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'

export function sortDescending (x: Tensor): Tensor {
  return run({ x }, undefined)[0]!
}

const run = ownKernel({
  name: 'SortDescending',
  inputs: ['x'],
  outputs: 2,
  forward: ({ x }) => {
    const { values, indices } = tf.topk(x, x.shape.at(-1)!, true)
    return [values, indices]
  },
  gradients: ({ dy, outputs: [y, indices] }) => ({
    x: () => {
      // Each value's gradient goes back to where the value came from.
      const places = tf.oneHot(indices as tf.Tensor1D, y!.shape.at(-1)!)
      return tf.sum(tf.mul(tf.expandDims(dy, -1), tf.cast(places, 'float32')), -2)
    },
  }),
})
