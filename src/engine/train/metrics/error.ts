/** How far outputs are from their targets. Source: keras.metrics.MeanSquaredError, R2Score, CosineSimilarity and their like. */
import * as tf from '@tensorflow/tfjs-core'
import { absolute } from '../../ops/elementwise.ts'
import { cosine } from '../losses/regression.ts'
import { answersOf, meanMetric, targetsOf, weightsFor, type MetricContext, type TrainMetric } from './metric.ts'

export function meanSquaredError (context: MetricContext): TrainMetric {
  return meanMetric((batch) => tf.squaredDifference(answersOf(batch, context), targetsOf(batch, context)))
}

export function rootMeanSquaredError (context: MetricContext): TrainMetric {
  return meanMetric((batch) => tf.squaredDifference(answersOf(batch, context), targetsOf(batch, context)), Math.sqrt)
}

export function meanAbsoluteError (context: MetricContext): TrainMetric {
  return meanMetric((batch) => absolute(tf.sub(answersOf(batch, context), targetsOf(batch, context))))
}

export function cosineSimilarity (context: MetricContext): TrainMetric {
  return meanMetric((batch) => cosine(targetsOf(batch, context), answersOf(batch, context)))
}

/**
 * 1 - squared error / variance of the targets, for each output alone, then their mean; 0 for an output whose targets are constant. The deviations are
 * merged batch by batch around a running mean, which stays exact for targets far from 0. Source: keras.metrics.R2Score; Chan, Golub & LeVeque 1983.
 */
export function r2 (context: MetricContext): TrainMetric {
  const { classes } = context
  return {
    state: [[], [classes], [classes], [classes]],
    accumulate ([count, mean, deviations, residuals], batch) {
      const rows = (x: tf.Tensor) => tf.reshape(x, [-1, classes])
      const [y, p] = [rows(targetsOf(batch, context)), rows(answersOf(batch, context))]
      const weights = tf.reshape(weightsFor(tf.sum(batch.outputs, -1), batch.weights), [-1, 1])
      const added = tf.sum(weights)
      const own = tf.divNoNan(tf.sum(tf.mul(weights, y), 0), added)
      const total = tf.add(count!, added)
      const moved = tf.sub(own, mean!)
      const part = tf.divNoNan(added, total)
      const within = tf.sum(tf.mul(weights, tf.squaredDifference(y, own)), 0)
      const between = tf.mul(tf.square(moved), tf.mul(part, count!))
      return [
        total,
        tf.add(mean!, tf.mul(moved, part)),
        tf.addN([deviations!, within, between]),
        tf.add(residuals!, tf.sum(tf.mul(weights, tf.squaredDifference(y, p)), 0)),
      ]
    },
    result ([, , deviations, residuals]) {
      const scores = Array.from(deviations!, (deviation, output) => deviation === 0 ? 0 : 1 - residuals![output]! / deviation)
      return scores.reduce((sum, score) => sum + score, 0) / scores.length
    },
  }
}
