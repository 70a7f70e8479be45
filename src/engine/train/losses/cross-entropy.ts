/** Losses of probabilities, or of the logits before them. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { crossEntropy, sigmoidCrossEntropy, sparseCrossEntropy } from '../../ops/cross-entropy.ts'
import { sigmoid } from '../../ops/elementwise.ts'
import { aligned, clipped, EPSILON, shares, type Loss } from './loss.ts'

/** Keras' default of both focal losses: what is nearly right counts by the square of what is missing. */
const ALPHA = 0.25

export const categoricalCrossEntropy: Loss = {
  logits: 'softmax',
  perExample: (targets, outputs, fromLogits) => fromLogits
    ? tf.reshape(crossEntropy(rows(outputs), rows(targets)), outputs.shape.slice(0, -1))
    : tf.neg(tf.sum(tf.mul(targets, tf.log(shares(outputs))), -1)),
}

export const sparseCategoricalCrossEntropy: Loss = {
  logits: 'softmax',
  sparse: true,
  perExample (targets, outputs, fromLogits) {
    // Keras takes the logarithm of the clipped probabilities as logits, which are normalised once more.
    const logits = fromLogits ? outputs : tf.log(clipped(outputs))
    return tf.reshape(sparseCrossEntropy(rows(logits), tf.reshape(tf.cast(targets, 'int32'), [-1])), outputs.shape.slice(0, -1))
  },
}

export const binaryCrossEntropy: Loss = {
  logits: 'sigmoid',
  perExample (targets, outputs, fromLogits) {
    return tf.mean(perValue(aligned(targets, outputs), outputs, fromLogits), -1)
  },
}

/** alpha (1 - p)^2 times the cross-entropy of each class. Source: Lin et al. 2017, equation 5; keras.losses.categorical_focal_crossentropy. */
export const categoricalFocalCrossEntropy: Loss = {
  logits: 'softmax',
  perExample (targets, outputs, fromLogits) {
    const p = shares(fromLogits ? tf.softmax(outputs) : outputs)
    return tf.sum(tf.mul(tf.mul(tf.square(tf.sub(1, p)), -ALPHA), tf.mul(targets, tf.log(p))), -1)
  },
}

/** (1 - p of what is right)^2 times the cross-entropy, classes unbalanced. Source: Lin et al. 2017, equation 4; keras.losses.binary_focal_crossentropy. */
export const binaryFocalCrossEntropy: Loss = {
  logits: 'sigmoid',
  perExample (targets, outputs, fromLogits) {
    const [y, p] = [aligned(targets, outputs), fromLogits ? sigmoid(outputs) : outputs]
    const right = tf.add(tf.mul(y, p), tf.mul(tf.sub(1, y), tf.sub(1, p)))
    return tf.mean(tf.mul(tf.square(tf.sub(1, right)), perValue(y, outputs, fromLogits)), -1)
  },
}

export const klDivergence: Loss = {
  perExample (targets, outputs) {
    const [y, p] = [targets, outputs].map((one) => tf.clipByValue(one, EPSILON, 1)) as [Tensor, Tensor]
    return tf.sum(tf.mul(y, tf.log(tf.div(y, p))), -1)
  },
}

/** Binary cross-entropy of each value. */
function perValue (y: Tensor, outputs: Tensor, fromLogits: boolean): Tensor {
  if (fromLogits) return sigmoidCrossEntropy(outputs, y)
  const p = clipped(outputs)
  return tf.neg(tf.add(tf.mul(y, tf.log(p)), tf.mul(tf.sub(1, y), tf.log(tf.sub(1, p)))))
}

/** [n, classes], as the kernels take it. */
function rows (x: Tensor): Tensor {
  return x.rank === 2 ? x : tf.reshape(x, [-1, x.shape.at(-1)!])
}
