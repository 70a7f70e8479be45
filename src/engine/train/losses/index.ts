/** Losses by name, one value for each example or position. Source of every formula: keras.losses. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { crossEntropy, sigmoidCrossEntropy, sparseCrossEntropy } from '../../ops/cross-entropy.ts'

export interface Loss {
  /** Can it take what comes before the softmax or sigmoid? */
  readonly logits?: 'softmax' | 'sigmoid'
  /** Targets are class indices without the last axis of the outputs. */
  readonly sparse?: boolean
  /** Shape: the outputs' without the last axis. */
  perExample (targets: Tensor, outputs: Tensor, fromLogits: boolean): Tensor
}

/** Keras' backend.epsilon(), which keeps probabilities away from 0 and 1. */
const EPSILON = 1e-7

const elementwise = (run: (target: Tensor, output: Tensor) => Tensor): Loss => ({ perExample: (targets, outputs) => tf.mean(run(targets, outputs), -1) })
const clipped = (p: Tensor) => tf.clipByValue(p, EPSILON, 1 - EPSILON)
const flat = (x: Tensor) => tf.reshape(x, [-1, x.shape.at(-1)!])
const shares = (p: Tensor) => clipped(tf.div(p, tf.sum(p, -1, true)))

export const LOSSES = {
  'categorical-crossentropy': {
    logits: 'softmax',
    perExample: (targets, outputs, fromLogits) => fromLogits
      ? tf.reshape(crossEntropy(flat(outputs), flat(targets)), outputs.shape.slice(0, -1))
      : tf.neg(tf.sum(tf.mul(targets, tf.log(shares(outputs))), -1)),
  },
  'sparse-categorical-crossentropy': {
    logits: 'softmax',
    sparse: true,
    perExample (targets, outputs, fromLogits) {
      // Keras takes the logarithm of the clipped probabilities as logits, which are normalised once more.
      const logits = fromLogits ? outputs : tf.log(clipped(outputs))
      return tf.reshape(sparseCrossEntropy(flat(logits), tf.reshape(tf.cast(targets, 'int32'), [-1])), outputs.shape.slice(0, -1))
    },
  },
  'binary-crossentropy': {
    logits: 'sigmoid',
    perExample (targets, outputs, fromLogits) {
      if (fromLogits) return tf.mean(sigmoidCrossEntropy(outputs, targets), -1)
      const p = clipped(outputs)
      return tf.neg(tf.mean(tf.add(tf.mul(targets, tf.log(p)), tf.mul(tf.sub(1, targets), tf.log(tf.sub(1, p)))), -1))
    },
  },
  'mean-squared-error': elementwise((y, p) => tf.squaredDifference(p, y)),
  'mean-absolute-error': elementwise((y, p) => tf.abs(tf.sub(y, p))),
  'mean-absolute-percentage-error': elementwise((y, p) => tf.mul(100, tf.abs(tf.div(tf.sub(y, p), tf.maximum(tf.abs(y), EPSILON))))),
  'mean-squared-logarithmic-error': elementwise((y, p) => tf.squaredDifference(tf.log1p(tf.maximum(p, EPSILON)), tf.log1p(tf.maximum(y, EPSILON)))),
  huber: elementwise((y, p) => {
    const error = tf.abs(tf.sub(p, y))
    const square = tf.minimum(error, 1)
    return tf.add(tf.mul(0.5, tf.square(square)), tf.sub(error, square))
  }),
  'log-cosh': elementwise((y, p) => tf.sub(tf.add(tf.sub(p, y), tf.softplus(tf.mul(-2, tf.sub(p, y)))), Math.LN2)),
  hinge: elementwise((y, p) => tf.relu(tf.sub(1, tf.mul(signed(y), p)))),
  'squared-hinge': elementwise((y, p) => tf.square(tf.relu(tf.sub(1, tf.mul(signed(y), p))))),
  'kl-divergence': {
    perExample (targets, outputs) {
      const [y, p] = [targets, outputs].map((one) => tf.clipByValue(one, EPSILON, 1)) as [Tensor, Tensor]
      return tf.sum(tf.mul(y, tf.log(tf.div(y, p))), -1)
    },
  },
  poisson: elementwise((y, p) => tf.sub(p, tf.mul(y, tf.log(tf.add(p, EPSILON))))),
} as const satisfies Record<string, Loss>

export type LossName = keyof typeof LOSSES

/** Targets of 0 and 1 as -1 and 1. A batch that holds a -1 is signed already. */
function signed (y: Tensor): Tensor {
  const binary = tf.all(tf.logicalOr(tf.equal(y, 0), tf.equal(y, 1)))
  return tf.where(binary, tf.sub(tf.mul(2, y), 1), y)
}

/**
 * The mean over all examples or positions. Weights multiply the values and not their number, a mask leaves positions out of both. Source:
 * keras.losses.loss.reduce_weighted_values with sum_over_batch_size.
 */
export function reduceLoss (values: Tensor, given: { readonly weights?: Tensor | undefined, readonly mask?: Tensor | undefined } = {}): Tensor {
  if (given.mask === undefined) return tf.mean(given.weights === undefined ? values : tf.mul(values, spread(given.weights, values.rank)))
  const kept = tf.cast(given.mask, 'float32')
  // Keras rescales the mask so that dividing by the full size is dividing by the number of kept positions.
  const weights = given.weights === undefined ? kept : tf.mul(kept, spread(given.weights, kept.rank))
  return tf.div(tf.sum(tf.mul(values, spread(weights, values.rank))), tf.maximum(tf.sum(tf.mul(spread(kept, values.rank), tf.onesLike(values))), EPSILON))
}

function spread (weights: Tensor, rank: number): Tensor {
  return weights.rank >= rank ? weights : tf.reshape(weights, [...weights.shape, ...new Array<number>(rank - weights.rank).fill(1)])
}
