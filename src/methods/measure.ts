/** Before and after on the same data: metrics and latency of the model as it came and as it was pruned. */
import type { Split } from '../datasets/dataset.ts'
import { evaluate, readBatch, type Evaluated } from '../engine/evaluate.ts'
import { wilsonInterval } from '../engine/interval.ts'
import { measureLatency, type LatencyFigures } from '../engine/latency.ts'
import type { Predictor } from '../engine/predict.ts'
import type { Evaluation } from './receipt.ts'
import type { ModelFile } from '../models/model.ts'
import type { Recipe } from '../pruning/recipe.ts'
import type { Static } from 'typebox'

export interface MeasureRequest {
  readonly model: ModelFile
  readonly evaluation: Exclude<Recipe['evaluation'], false>
  /** Scaled and in the model's shapes. */
  readonly report: Split
  readonly reportName: string
  readonly inputs: Static<typeof Evaluation>['inputs']
  readonly before: Predictor
  /** The same predictor again when nothing is pruned: it is measured once. */
  readonly after: Predictor
  readonly signal: AbortSignal
  onProgress (done: number, total: number): void
}

export interface Measured {
  readonly metrics: { readonly before: Record<string, number>, readonly after: Record<string, number> }
  readonly latency: { readonly before: LatencyFigures, readonly after: LatencyFigures } | null
  readonly evaluation: Static<typeof Evaluation>
  readonly warnings: string[]
}

/** Examples in one timed run: what a request to a served model has. */
const LATENCY_BATCH = 1

export async function measure (request: MeasureRequest): Promise<Measured> {
  const { before, after, report, evaluation, signal } = request
  const predictors = before === after ? [before] : [before, after]
  const evaluated = await evaluate(request.model.architecture, predictors, report, {
    batchSize: evaluation.batchSize, task: evaluation.task, signal, onProgress: (done, total) => request.onProgress(done, total),
  })
  const latency = evaluation.latency
    ? await measureLatency(predictors, await readBatch(report.features, 0, Math.min(LATENCY_BATCH, report.examples)), { signal })
    : null
  const [first, last] = [evaluated.metrics[0]!, evaluated.metrics.at(-1)!]
  return {
    metrics: { before: finite(first), after: finite(last) },
    latency: latency && { before: latency[0]!, after: latency.at(-1)! },
    evaluation: {
      examples: evaluated.examples,
      task: [...new Set(evaluated.tasks.map(({ task }) => task))].join(', '),
      split: request.reportName,
      interval95: intervals(evaluated, first, last),
      inputs: request.inputs,
    },
    warnings: [...notFinite('before', first), ...notFinite('after', last)],
  }
}

/** Only where each example is one independent trial: one output, one answer per example. */
function intervals ({ tasks, examples }: Evaluated, before: Record<string, number>, after: Record<string, number>): Static<typeof Evaluation>['interval95'] {
  const [only] = tasks
  if (tasks.length !== 1 || only === undefined || only.context.positions !== 1) return null
  if (only.task !== 'classification' && only.task !== 'binary') return null
  return { before: wilsonInterval(before.accuracy!, examples), after: wilsonInterval(after.accuracy!, examples) }
}

/** JSON has no NaN: such metrics are left out and named in a warning. */
function finite (metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)))
}

function notFinite (when: string, metrics: Record<string, number>): string[] {
  const names = Object.entries(metrics).filter(([, value]) => !Number.isFinite(value)).map(([name]) => name)
  return names.length === 0 ? [] : [`${names.join(', ')} ${when} pruning is not a finite number and is left out: the model's outputs overflow or are NaN`]
}
