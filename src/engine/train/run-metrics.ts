/** The metrics of a run: for every output those that fit its task, gathered inside the graph. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { Shape } from '../../models/tensor.ts'
import { inferTask, type TargetFacts } from '../metrics/infer.ts'
import { createMetric, defaultMetrics, TRAIN_METRICS, type MetricContext, type TrainMetric, type TrainMetricName } from './metrics/index.ts'
import type { OutputLoss } from './objective.ts'

export interface RunMetric {
  /** `accuracy`, or `<output>/accuracy` where there are several outputs. */
  readonly name: string
  /** Number of the output it is of. */
  readonly output: number
  readonly better: 'higher' | 'lower'
  readonly metric: TrainMetric
}

/** `asked`: names, or null for those of each output's task. Throws `invalid-recipe` for a name that fits no output. */
export function createRunMetrics (objective: readonly OutputLoss[], facts: readonly TargetFacts[], outputNames: readonly string[], asked: readonly string[] | null): RunMetric[] {
  const contexts = facts.map((one, index): MetricContext => {
    const { task, context: { classes, sparse, scores } } = inferTask(one, 'auto', `output "${outputNames[index] ?? index}"`)
    return { task, classes, sparse, logits: objective[index]!.fromLogits || scores === 'logits' }
  })
  const fits = (name: string, { task }: MetricContext) => Object.hasOwn(TRAIN_METRICS, name) && (TRAIN_METRICS[name as TrainMetricName].tasks as readonly string[]).includes(task)
  const homeless = asked?.find((name) => !contexts.some((context) => fits(name, context)))
  if (homeless !== undefined) {
    if (contexts.length === 1) createMetric(homeless, contexts[0]!)
    throw new EspalierError('invalid-recipe', `the metric ${homeless} fits none of the outputs, whose tasks are ${contexts.map(({ task }) => task).join(', ')}`)
  }
  return contexts.flatMap((context, output) => (asked === null ? defaultMetrics(context) : asked.filter((name) => fits(name, context))).map((name) => ({
    name: contexts.length === 1 ? name : `${outputNames[output] ?? output}/${name}`,
    output,
    better: TRAIN_METRICS[name as TrainMetricName].better,
    metric: createMetric(name, context),
  })))
}

/** Shapes of the sums of each, by the name of their variable. */
export function sumsOf (metrics: readonly RunMetric[]): Map<string, Shape> {
  return new Map(metrics.flatMap(({ name, metric }) => metric.state.map((shape, index): [string, Shape] => [sumName(name, index), shape])))
}

/** The sums with a batch added, by name. A position that a mask leaves out counts for nothing. Runs within a step. */
export function accumulate (
  metrics: readonly RunMetric[], sums: Readonly<Record<string, Variable>>, targets: readonly Tensor[], outputs: readonly Tensor[], masks: ReadonlyArray<Tensor | undefined>
): Map<string, Tensor> {
  return new Map(metrics.flatMap(({ name, output, metric }) => {
    const mask = masks[output]
    const state = metric.state.map((_, index) => sums[sumName(name, index)]!)
    const next = metric.accumulate(state, { targets: targets[output]!, outputs: outputs[output]!, ...(mask && { weights: tf.cast(mask, 'float32') }) })
    return next.map((value, index): [string, Tensor] => [sumName(name, index), value])
  }))
}

/** The numbers that the sums come to. */
export function resultsOf (metrics: readonly RunMetric[], read: (names: readonly string[]) => ReadonlyArray<ArrayLike<number>>): Record<string, number> {
  return Object.fromEntries(metrics.map(({ name, metric }) => [name, metric.result(read(metric.state.map((_, index) => sumName(name, index))))]))
}

function sumName (metric: string, index: number): string {
  return `metric:${metric}:${index}`
}
