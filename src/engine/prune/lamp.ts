/** Layer-adaptive scores inside the graph. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { segmentSum } from '../ops/gather.ts'
import { rawOp } from '../ops/raw.ts'

/**
 * s^2 over the sum of the squares of all scores of the tensor that do not rank behind it; scores >= 0 [count], and so is what it gives. Source: Lee et al., Layer-adaptive Sparsity for
 * the Magnitude-based Pruning, ICLR 2021, equation 2.
 */
export function lampScores (scores: Tensor): Tensor {
  const squares = tf.square(scores)
  const attributes = { T: { type: 'float32' }, Tk: { type: 'int32' }, index_type: { type: 'int32' }, sorted: { bool: true } } as const
  const [sorted, order] = rawOp('TopKV2', attributes, [squares, tf.scalar(scores.size, 'int32')], 2)
  return segmentSum(tf.divNoNan(sorted!, tf.cumsum(sorted!)), order!, scores.size)
}
