/** The loss that a regulariser adds for a weight or an output. Source: keras.regularizers. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { Regularizer, WeightRule } from '../../models/layers/weight-rules.ts'
import { unitLength } from '../layers/normalization.ts'
import { absolute } from '../ops/elementwise.ts'
import { matMul2d } from '../ops/matmul.ts'

/** A scalar. Throws `shape-mismatch` for an orthogonal regulariser of what is no matrix. */
export function regularizationLoss (rule: Regularizer, weight: Tensor): Tensor {
  return rule.type === 'orthogonal' ? orthogonality(rule, weight) : l1l2(rule, weight)
}

/** The loss for a layer's output, over its batch size. Throws `unsupported-layer` for a rule that is not known here. Source: keras Layer.__call__. */
export function activityLoss ({ regularizer, problem }: WeightRule, output: Tensor): Tensor {
  if (problem !== undefined) throw new EspalierError('unsupported-layer', problem)
  if (regularizer === undefined) return tf.scalar(0)
  const loss = regularizationLoss(regularizer, output)
  return output.rank === 0 ? loss : tf.div(loss, output.shape[0]!)
}

function l1l2 ({ l1, l2 }: Extract<Regularizer, { type: 'l1-l2' }>, weight: Tensor): Tensor {
  const terms = [
    ...(l1 > 0 ? [tf.mul(l1, tf.sum(absolute(weight)))] : []),
    ...(l2 > 0 ? [tf.mul(l2, tf.sum(tf.square(weight)))] : []),
  ]
  return terms.length === 0 ? tf.scalar(0) : terms.reduce((sum, term) => tf.add(sum, term))
}

/** Half the sum of |cosine| over all ordered pairs of different rows (columns), over the number of pairs. */
function orthogonality ({ factor, mode }: Extract<Regularizer, { type: 'orthogonal' }>, weight: Tensor): Tensor {
  if (weight.rank !== 2) throw new EspalierError('shape-mismatch', `an orthogonal regulariser takes a matrix, the weight has the shape [${weight.shape.join(', ')}]`)
  const rows = mode === 'rows'
  const directions = unitLength(weight, [rows ? 1 : 0])
  const cosines = matMul2d(directions, directions, rows ? { transposeB: true } : { transposeA: true })
  const size = cosines.shape[0]!
  const others = tf.mul(cosines, tf.sub(1, tf.eye(size)))
  return tf.mul(factor * 0.5 / (size * (size - 1) / 2), tf.sum(absolute(others)))
}
