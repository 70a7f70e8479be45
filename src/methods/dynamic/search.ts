/** The largest sparsity that costs at most so much accuracy: whole trainings, each from the same weights, at sparsities that close in on it. */
import { createTrainer } from '../../engine/train/trainer.ts'
import { EspalierError } from '../../errors.ts'
import type { Progress } from '../progress.ts'
import type { TrainingContext } from '../method.ts'
import type { SearchRecord } from '../receipt.ts'
import { allowedAccuracy, nextSparsity } from '../search-curve.ts'
import type { OpenedExamples } from './open-examples.ts'
import type { PrunedOnce } from './run-pruning.ts'
import { loadSearch, savesSearch, type SearchState } from './search-checkpoint.ts'
import { trainingOf } from './train-model.ts'

export interface SearchedPruning extends PrunedOnce { readonly search: SearchRecord }

interface Attempt { (sparsity: number, context: TrainingContext, checkpoints: TrainingContext['checkpoints']): Promise<PrunedOnce> }

/** Throws `target-missed` saying how far it came when no attempt held. */
export async function searchSparsity (context: TrainingContext, examples: OpenedExamples, target: Parameters<typeof allowedAccuracy>[0], attempt: Attempt): Promise<SearchedPruning> {
  const { recipe } = context
  const { attempts, low, high } = recipe.search!
  const { granularity } = recipe
  const bounds = { low, high: granularity.type === 'n:m' ? Math.min(high, 1 - granularity.n / granularity.m) : high }
  const baseline = await accuracyOf(context, examples)
  const allowed = allowedAccuracy(target, baseline)
  const resumed = await loadSearch(context.checkpoints)
  let state: SearchState = resumed.state
  let inner = resumed.inner
  for (let sparsity = nextSparsity(state.curve, bounds, attempts); sparsity !== null; sparsity = nextSparsity(state.curve, bounds, attempts)) {
    const checkpoints = savesSearch(context.checkpoints, () => state, inner)
    inner = null
    const pruned = await attempt(sparsity, withinSearch(context, state.curve.length, attempts), checkpoints)
    const value = reachedBy(pruned)
    const held = value >= allowed
    const better = held && (state.best === null || sparsity > state.best.sparsity)
    state = { curve: [...state.curve, { sparsity, value, held }], best: better ? { sparsity, pruned } : state.best }
  }
  const search: SearchRecord = { metric: 'accuracy', goal: 'largest', examples: context.examples.selection!.examples, baseline, allowed, curve: [...state.curve].sort((a, b) => a.sparsity - b.sparsity), chosen: state.best?.sparsity ?? null }
  if (state.best === null) {
    const [closest] = [...state.curve].sort((a, b) => b.value - a.value)
    throw new EspalierError('target-missed',
      `no sparsity from ${bounds.low} on kept the accuracy at ${allowed.toFixed(4)} or above (${baseline.toFixed(4)} before) in ${state.curve.length} trainings: the best, at sparsity ${closest!.sparsity.toFixed(4)}, came to ${closest!.value.toFixed(4)}; allow a lower accuracy, give more epochs, or let search.low be smaller`,
      { search })
  }
  return { ...state.best.pruned, search }
}

/** Accuracy of the context's model over the examples that select. Throws `invalid-recipe` for a task without accuracy. */
export async function accuracyOf (context: TrainingContext, { data, validation }: OpenedExamples): Promise<number> {
  const trainer = await createTrainer({ model: context.model, options: trainingOf(context), data, seed: context.recipe.seed, ...(validation && { validation }) })
  try {
    const { metrics } = await trainer.validate()
    if (metrics.accuracy === undefined) {
      throw new EspalierError('invalid-recipe', `recipe: /target asks for accuracy, which needs a model whose accuracy is measured; this run has ${Object.keys(metrics).join(', ') || 'no metrics'}: give {"sparsity": number}`)
    }
    return metrics.accuracy
  } finally {
    trainer.dispose()
  }
}

/** Over the examples that select, of the epoch whose weights were taken. */
function reachedBy ({ trained: { record }, accuracy }: PrunedOnce): number {
  if (accuracy !== undefined) return accuracy
  const taken = record.restoredEpoch === null ? record.epochs.at(-1) : record.epochs.find(({ epoch }) => epoch === record.restoredEpoch)
  return taken?.validation?.metrics.accuracy ?? 0
}

/** Progress and figures of one training as those of all: steps are counted through. */
function withinSearch (context: TrainingContext, done: number, attempts: number): TrainingContext {
  const { examples: { training: { examples } } } = context
  const { batchSize, epochs } = trainingOf(context)
  const before = done * Math.ceil(examples / batchSize) * epochs
  return {
    ...context,
    onProgress: counted(context, done, attempts),
    onTrainingBegin (step) { context.onTrainingBegin?.(before + step) },
    onMetrics (point) { context.onMetrics?.({ ...point, step: before + point.step, epoch: done * epochs + point.epoch }) },
  }
}

/** Progress of one training as progress of all. */
function counted ({ onProgress }: TrainingContext, done: number, attempts: number): (progress: Progress) => void {
  return (progress) => {
    const left = attempts - done - 1
    const perStep = progress.stepsPerSecond === undefined || progress.stepsPerSecond === 0 ? null : 1 / progress.stepsPerSecond
    onProgress({
      ...progress,
      done: done * progress.total + progress.done,
      total: attempts * progress.total,
      etaSeconds: progress.etaSeconds === null || perStep === null ? null : Math.round((progress.etaSeconds + left * progress.total * perStep) * 10) / 10,
    })
  }
}
