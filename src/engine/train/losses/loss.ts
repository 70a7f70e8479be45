/** What a loss is, and what several losses share. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

export interface Loss {
  /** Can it take what comes before the softmax or sigmoid? */
  readonly logits?: 'softmax' | 'sigmoid'
  /** Targets are class indices without the last axis of the outputs. */
  readonly sparse?: boolean
  /** Shape: the outputs' without the last axis; a scalar where the loss is one of the whole batch (dice, tversky). */
  perExample (targets: Tensor, outputs: Tensor, fromLogits: boolean): Tensor
}

/** Keras' backend.epsilon(), which keeps probabilities away from 0 and 1. */
export const EPSILON = 1e-7

/** The mean of `run` over the last axis. */
export function elementwise (run: (target: Tensor, output: Tensor) => Tensor): Loss {
  return { perExample: (targets, outputs) => tf.mean(run(aligned(targets, outputs), outputs), -1) }
}

/** Targets in the shape of the outputs: those of one value per example may lack the last axis, which would broadcast to all pairs of examples. */
export function aligned (targets: Tensor, outputs: Tensor): Tensor {
  return targets.rank < outputs.rank && targets.size === outputs.size ? tf.reshape(targets, outputs.shape) : targets
}

export function clipped (probabilities: Tensor): Tensor {
  return tf.clipByValue(probabilities, EPSILON, 1 - EPSILON)
}

/** Each row divided by its sum, away from 0 and 1. */
export function shares (probabilities: Tensor): Tensor {
  return clipped(tf.div(probabilities, tf.sum(probabilities, -1, true)))
}
