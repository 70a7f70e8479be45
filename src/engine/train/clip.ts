/** Limits gradients: by value, each by its norm, or all together by their norm. Source: keras Optimizer._clip_gradients. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { OptimizerOptions } from './options.ts'

/** The gradients in their order. */
export function clipGradients (gradients: readonly Tensor[], clip: OptimizerOptions['clip']): readonly Tensor[] {
  if (clip?.value !== undefined) return gradients.map((gradient) => tf.clipByValue(gradient, -clip.value!, clip.value!))
  if (clip?.norm !== undefined) return gradients.map((gradient) => tf.mul(gradient, shrink(tf.sum(tf.square(gradient)), clip.norm!)))
  if (clip?.globalNorm === undefined) return gradients
  const factor = shrink(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))), clip.globalNorm)
  return gradients.map((gradient) => tf.mul(gradient, factor))
}

/** limit / max(norm, limit): 1 where the norm is within the limit, also where it is 0. */
function shrink (squares: Tensor, limit: number): Tensor {
  return tf.div(limit, tf.maximum(tf.sqrt(squares), limit))
}
