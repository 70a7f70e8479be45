/** Layer-adaptive scores inside the graph. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { segmentSum } from '../ops/gather.ts'

/**
 * s^2 over the sum of the squares of all scores of the tensor that do not rank behind it; scores >= 0 [count], and so is what it gives. Source: Lee et al., Layer-adaptive Sparsity for
 * the Magnitude-based Pruning, ICLR 2021, equation 2.
 */
export function lampScores (scores: Tensor): Tensor {
  const squares = tf.square(scores)
  const { values, indices } = tf.topk(squares, scores.size)
  return segmentSum(tf.divNoNan(values, tf.cumsum(values)), indices, scores.size)
}
