/** Metrics of counted yes and no. Source: keras.metrics.Precision, Recall, AUC. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { segmentSum } from './segments.ts'
import { answersOf, share, targetsOf, weightsFor, type MetricBatch, type MetricContext, type TrainMetric } from './metric.ts'

/** Of everything that the model says yes to (above 0.5), the share that is right. */
export function precision (context: MetricContext): TrainMetric {
  return shareOfYes(context, ({ yes }) => yes)
}

/** Of everything that is yes, the share that the model says yes to. */
export function recall (context: MetricContext): TrainMetric {
  return shareOfYes(context, ({ truth }) => truth)
}

function shareOfYes (context: MetricContext, whole: (of: { readonly yes: Tensor, readonly truth: Tensor }) => Tensor): TrainMetric {
  return {
    state: [[], []],
    accumulate ([right, all], batch) {
      const yes = tf.cast(tf.greater(answersOf(batch, context), 0.5), 'float32')
      const truth = truthOf(batch, context)
      const weights = weightsFor(yes, batch.weights)
      const sum = (x: Tensor) => tf.sum(tf.mul(weights, x))
      return [tf.add(right!, sum(tf.mul(yes, truth))), tf.add(all!, sum(whole({ yes, truth })))]
    },
    result: ([right, all]) => share(right![0]!, all![0]!),
  }
}

/** Keras' default number of thresholds; the first lies below 0, the last above 1. */
const THRESHOLDS = 200

/**
 * Area under the ROC curve, by trapezoids between evenly spaced thresholds; all outputs count together. The sums are histograms of the scores of what is
 * yes and of what is no.
 */
export function areaUnderCurve (context: MetricContext): TrainMetric {
  return {
    state: [[THRESHOLDS, 2]],
    accumulate ([histogram], batch) {
      const scores = answersOf(batch, context)
      const truth = truthOf(batch, context)
      const weights = weightsFor(scores, batch.weights)
      const parts = [tf.mul(truth, weights), tf.mul(tf.sub(1, truth), weights)].map((part) => tf.reshape(part, [-1]))
      // A score lies above threshold i when it is greater than i / 199. What is no number falls into the first.
      const last = tf.sub(tf.ceil(tf.mul(tf.clipByValue(scores, 0, 1), THRESHOLDS - 1)), 1)
      const bucket = tf.maximum(tf.cast(tf.reshape(last, [-1]), 'int32'), tf.scalar(0, 'int32'))
      return [tf.add(histogram!, segmentSum(tf.stack(parts, 1), bucket, THRESHOLDS))]
    },
    result ([histogram]) {
      const above = (column: number) => {
        const sums = new Float64Array(THRESHOLDS)
        for (let at = THRESHOLDS - 1; at >= 0; at--) sums[at] = (sums[at + 1] ?? 0) + histogram![2 * at + column]!
        return sums.map((sum) => share(sum, sums[0]!))
      }
      const [hits, alarms] = [above(0), above(1)]
      let area = 0
      for (let at = 1; at < THRESHOLDS; at++) area += (alarms[at - 1]! - alarms[at]!) * (hits[at - 1]! + hits[at]!) / 2
      return area
    },
  }
}

/** 1 for every target that is not 0. */
function truthOf (batch: MetricBatch, context: MetricContext): Tensor {
  return tf.cast(tf.notEqual(targetsOf(batch, context), 0), 'float32')
}
