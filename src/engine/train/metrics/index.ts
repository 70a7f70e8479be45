/** The table of training metrics, by the names that evaluation reports. Source of every formula: keras.metrics. */
import { EspalierError } from '../../../errors.ts'
import { TASK_NAMES, TASKS } from '../../metrics/index.ts'
import type { Loss } from '../losses/index.ts'
import { accuracy, exactMatch, topAccuracy } from './accuracy.ts'
import { areaUnderCurve, precision, recall } from './confusion.ts'
import { cosineSimilarity, meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from './error.ts'
import { meanMetric, type MetricContext, type MetricKind, type TrainMetric } from './metric.ts'
import { meanIoU } from './overlap.ts'

export type { MetricBatch, MetricContext, TrainMetric } from './metric.ts'

const ANSWERS = ['classification', 'binary', 'multi-label', 'segmentation'] as const

export const TRAIN_METRICS = {
  accuracy: { tasks: ANSWERS, better: 'higher', create: accuracy },
  top5: { tasks: ['classification', 'segmentation'], better: 'higher', create: topAccuracy(5) },
  exactMatch: { tasks: ['binary', 'multi-label'], better: 'higher', create: exactMatch },
  precision: { tasks: ANSWERS, better: 'higher', create: precision },
  recall: { tasks: ANSWERS, better: 'higher', create: recall },
  auc: { tasks: ANSWERS, better: 'higher', create: areaUnderCurve },
  meanIoU: { tasks: ['classification', 'binary', 'segmentation'], better: 'higher', create: meanIoU },
  mse: { tasks: TASK_NAMES, better: 'lower', create: meanSquaredError },
  rmse: { tasks: TASK_NAMES, better: 'lower', create: rootMeanSquaredError },
  mae: { tasks: TASK_NAMES, better: 'lower', create: meanAbsoluteError },
  cosineSimilarity: { tasks: TASK_NAMES, better: 'higher', create: cosineSimilarity },
  r2: { tasks: ['regression'], better: 'higher', create: r2 },
} as const satisfies Record<string, MetricKind>

export type TrainMetricName = keyof typeof TRAIN_METRICS

/** Throws `invalid-recipe` for a name that is not known or a task that it says nothing about. */
export function createMetric (name: string, context: MetricContext): TrainMetric {
  const known = Object.keys(TRAIN_METRICS)
  const fitting = Object.entries<MetricKind>(TRAIN_METRICS).filter(([, { tasks }]) => tasks.includes(context.task)).map(([key]) => key)
  if (!known.includes(name)) throw new EspalierError('invalid-recipe', `the metric "${name}" is not known; metrics are ${known.join(', ')}`)
  if (!fitting.includes(name)) {
    throw new EspalierError('invalid-recipe', `the metric ${name} does not fit the task ${context.task}; metrics that do are ${fitting.join(', ')}`)
  }
  return TRAIN_METRICS[name as TrainMetricName].create(context)
}

/** What a training run gathers unless it is told: what evaluation reports of the task, but for top5, which would cost every step for little. */
export function defaultMetrics ({ task }: Pick<MetricContext, 'task'>): TrainMetricName[] {
  return TASKS[task].metrics.filter((name) => name !== 'top5')
}

/** The mean of a loss over examples. */
export function lossMetric (loss: Loss, fromLogits: boolean): TrainMetric {
  return meanMetric(({ targets, outputs }) => loss.perExample(targets, outputs, fromLogits))
}
