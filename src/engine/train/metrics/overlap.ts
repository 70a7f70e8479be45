/** How areas of a class overlap. Source: keras.metrics.MeanIoU and BinaryIoU. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { aligned } from '../losses/loss.ts'
import { isExclusive, labelsOf, share, weightsFor, type MetricBatch, type MetricContext, type TrainMetric } from './metric.ts'
import { segmentSum } from './segments.ts'

/** Mean over the classes that occur of intersection / union. The sums are the confusion matrix, rows the targets. */
export function meanIoU (context: MetricContext): TrainMetric {
  const size = isExclusive(context) ? context.classes : 2
  return {
    state: [[size * size]],
    accumulate ([matrix], batch) {
      const { labels, answers } = isExclusive(context) ? { labels: labelsOf(batch, context), answers: tf.argMax(batch.outputs, -1) } : yesOrNo(batch, context)
      const cells = tf.add(tf.mul(labels, tf.scalar(size, 'int32')), answers)
      const weights = weightsFor(tf.cast(cells, 'float32'), batch.weights)
      return [tf.add(matrix!, segmentSum(tf.reshape(weights, [-1]), tf.reshape(cells, [-1]), size * size))]
    },
    result ([matrix]) {
      let [sum, occurring] = [0, 0]
      for (let label = 0; label < size; label++) {
        let union = -matrix![label * size + label]!
        for (let other = 0; other < size; other++) union += matrix![label * size + other]! + matrix![other * size + label]!
        if (union <= 0) continue
        sum += matrix![label * size + label]! / union
        occurring++
      }
      return share(sum, occurring)
    },
  }
}

function yesOrNo ({ targets, outputs }: MetricBatch, { logits }: MetricContext): { readonly labels: Tensor, readonly answers: Tensor } {
  return { labels: tf.cast(aligned(targets, outputs), 'int32'), answers: tf.cast(tf.greaterEqual(outputs, logits ? 0 : 0.5), 'int32') }
}
