/** Shares of right answers. Source: keras.metrics.BinaryAccuracy, CategoricalAccuracy, TopKCategoricalAccuracy and their sparse forms. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { isExclusive, labelsOf, meanMetric, targetsOf, type MetricBatch, type MetricContext, type TrainMetric } from './metric.ts'

/** The best class where classes exclude each other, else every yes and no. */
export function accuracy (context: MetricContext): TrainMetric {
  return meanMetric((batch) => isExclusive(context)
    ? tf.cast(tf.equal(tf.argMax(batch.outputs, -1), labelsOf(batch, context)), 'float32')
    : rightAnswers(batch, context))
}

/** All labels of an example right. */
export function exactMatch (context: MetricContext): TrainMetric {
  return meanMetric((batch) => tf.min(rightAnswers(batch, context), -1))
}

/** The right class is among the best `k`: fewer than `k` score higher. A score that is not finite is wrong. Source: tf.math.in_top_k. */
export function topAccuracy (k: number): (context: MetricContext) => TrainMetric {
  return (context) => meanMetric((batch) => {
    const right = tf.cast(tf.oneHot(labelsOf(batch, context) as tf.Tensor1D, context.classes), 'bool')
    const score = tf.sum(tf.where(right, batch.outputs, tf.zerosLike(batch.outputs)), -1, true)
    const higher = tf.sum(tf.cast(tf.greater(batch.outputs, score), 'float32'), -1)
    return tf.cast(tf.logicalAnd(tf.less(higher, k), tf.isFinite(tf.squeeze(score, [-1]))), 'float32')
  })
}

function rightAnswers (batch: MetricBatch, context: MetricContext): Tensor {
  const yes = tf.cast(tf.greater(batch.outputs, context.logits ? 0 : 0.5), 'float32')
  return tf.cast(tf.equal(yes, targetsOf(batch, context)), 'float32')
}
