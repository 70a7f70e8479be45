/** What a training metric is: sums that a step adds to inside the graph, and the number that they come to when they are read. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '../../../models/tensor.ts'
import type { OutputContext, TaskName } from '../../metrics/index.ts'
import { sigmoid } from '../../ops/elementwise.ts'
import { aligned } from '../losses/loss.ts'
import { spread } from '../losses/reduce.ts'

export interface MetricContext extends Pick<OutputContext, 'classes' | 'sparse'> {
  readonly task: TaskName
  /** Outputs are what comes before softmax or sigmoid. */
  readonly logits: boolean
}

export interface MetricBatch {
  readonly targets: Tensor
  readonly outputs: Tensor
  /** Over the leading axes of the outputs: [batch], or [batch, steps] as a mask has it. */
  readonly weights?: Tensor | undefined
}

export interface TrainMetric {
  /** Shapes of its sums, which are float32 and begin with 0. */
  readonly state: readonly Shape[]
  /** The sums with a batch added; runs within a step. */
  accumulate (state: readonly Tensor[], batch: MetricBatch): Tensor[]
  /** From the sums as they were read, row-major. */
  result (state: ReadonlyArray<ArrayLike<number>>): number
}

export interface MetricKind {
  /** The tasks whose outputs it can be taken of. */
  readonly tasks: readonly TaskName[]
  readonly better: 'higher' | 'lower'
  create (context: MetricContext): TrainMetric
}

/**
 * The weighted mean of `values`, whose first axis is the examples; axes that the weights do not have are averaged first. Source: keras.metrics.Mean.
 */
export function meanMetric (values: (batch: MetricBatch) => Tensor, finish: (mean: number) => number = (mean) => mean): TrainMetric {
  return {
    state: [[], []],
    accumulate ([total, count], batch) {
      const all = values(batch)
      if (batch.weights === undefined) {
        const examples = all.shape[0]!
        return [tf.add(total!, tf.mul(tf.mean(all), examples)), tf.add(count!, examples)]
      }
      const weights = batch.weights
      const kept = all.rank > weights.rank ? tf.mean(all, all.shape.map((_, axis) => axis).slice(weights.rank)) : all
      return [tf.add(total!, tf.sum(tf.mul(kept, weights))), tf.add(count!, tf.sum(weights))]
    },
    result: ([total, count]) => finish(share(total![0]!, count![0]!)),
  }
}

/** 0 where there is no whole. */
export function share (part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** Do classes exclude each other, as after softmax? */
export function isExclusive ({ task, classes }: MetricContext): boolean {
  return (task === 'classification' || task === 'segmentation') && classes > 1
}

/** What the model answers: probabilities, or the outputs themselves in a regression. */
export function answersOf ({ outputs }: MetricBatch, context: MetricContext): Tensor {
  if (!context.logits || context.task === 'regression') return outputs
  return isExclusive(context) ? tf.softmax(outputs) : sigmoid(outputs)
}

/** Class indices of the targets, int32 in the outputs' shape without the last axis. */
export function labelsOf ({ targets, outputs }: MetricBatch, { sparse }: MetricContext): Tensor {
  return sparse ? tf.reshape(tf.cast(targets, 'int32'), outputs.shape.slice(0, -1)) : tf.argMax(targets, -1)
}

/** The targets in the outputs' shape; of class indices one-hot rows. */
export function targetsOf (batch: MetricBatch, context: MetricContext): Tensor {
  return context.sparse ? tf.cast(tf.oneHot(labelsOf(batch, context) as tf.Tensor1D, context.classes), 'float32') : aligned(batch.targets, batch.outputs)
}

/** A weight for each value of `like`. */
export function weightsFor (like: Tensor, weights: Tensor | undefined): Tensor {
  const ones = tf.onesLike(like)
  return weights === undefined ? ones : tf.mul(ones, spread(weights, like.rank))
}
