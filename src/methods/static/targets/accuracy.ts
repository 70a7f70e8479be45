/** The largest sparsity that keeps the accuracy: evaluations over examples that are not reported, few and on record. */
import type { EvaluatorRequest } from '../../../engine/evaluator.ts'
import { openTrainingData } from '../../../engine/train/open-data.ts'
import { EspalierError } from '../../../errors.ts'
import type { HeldChanges } from '../../../models/model.ts'
import { EVALUATION_DEFAULTS } from '../../../pruning/recipe.ts'
import { openEvaluator } from '../../evaluator.ts'
import type { StaticContext } from '../../method.ts'
import type { SearchRecord } from '../../receipt.ts'
import { allowedAccuracy, nextSparsity, type Bounds } from '../../search-curve.ts'
import { changesOf, competing, type Pruner } from '../pruner.ts'

type AccuracyTarget = Parameters<typeof allowedAccuracy>[0]

/** What evaluates the model as it is (null) and at a sparsity. */
export interface Trial {
  metrics (sparsity: number | null): Promise<Record<string, number>>
  dispose? (): void
}

/** What every evaluation of a search shares. */
export type TrialRequest = Omit<EvaluatorRequest, 'model'>

/** `finish`: what else changes before a model is evaluated. Throws as `searchAccuracy` does. */
export async function keepAccuracy (
  target: AccuracyTarget, context: StaticContext, pruner: Pruner, finish: (changes: HeldChanges) => Promise<HeldChanges>
): Promise<{ sparsity: number, search: SearchRecord }> {
  const { recipe: { granularity, search }, model } = context
  competing(pruner.pool)
  const { low, high } = search!
  const bounds = { low, high: granularity.type === 'n:m' ? Math.min(high, 1 - granularity.n / granularity.m) : high }
  return await searchAccuracy(target, context, bounds, async (request) => {
    const evaluator = await openEvaluator(context.calibration!, { ...request, model })
    return {
      metrics: async (sparsity) => await evaluator.evaluate(sparsity === null ? new Map() : await finish(changesOf(pruner.pool, await pruner.prune(sparsity)))),
      dispose () { evaluator.dispose() },
    }
  })
}

/** Throws `target-missed` with the whole curve when no sparsity held. */
export async function searchAccuracy (
  target: AccuracyTarget, { recipe, signal, calibration }: StaticContext, bounds: Bounds, open: (request: TrialRequest) => Promise<Trial>
): Promise<{ sparsity: number, search: SearchRecord }> {
  const selection = calibration?.examples.selection ?? null
  if (calibration === undefined || selection === null) throw new EspalierError('internal', 'a target of accuracy was given nothing to select by')
  const { limits, spool } = calibration
  const { attempts } = recipe.search!
  const { batchSize, task } = recipe.evaluation === false ? EVALUATION_DEFAULTS : recipe.evaluation
  const data = await openTrainingData(selection, { limitBytes: limits.sessionDataBytes, spool: async (name) => await spool(`selection-${name}`), signal })
  const trial = await open({ data, batchSize, task, signal })
  try {
    const accuracyOf = async (sparsity: number | null): Promise<number> => {
      const { accuracy, ...others } = await trial.metrics(sparsity)
      if (accuracy === undefined) throw new EspalierError('invalid-recipe', `recipe: /target asks for accuracy, which is not measured of this model; it has ${Object.keys(others).join(', ')}: give another target`)
      return accuracy
    }
    const baseline = await accuracyOf(null)
    const allowed = allowedAccuracy(target, baseline)
    const curve: Array<SearchRecord['curve'][number]> = []
    for (let sparsity = nextSparsity(curve, bounds, attempts); sparsity !== null; sparsity = nextSparsity(curve, bounds, attempts)) {
      signal.throwIfAborted()
      const value = await accuracyOf(sparsity)
      curve.push({ sparsity, value, held: value >= allowed })
      calibration.onProgress({ stage: 'searching', done: curve.length, total: attempts, etaSeconds: null })
    }
    const chosen = Math.max(...curve.filter(({ held }) => held).map(({ sparsity }) => sparsity))
    const search: SearchRecord = { metric: 'accuracy', goal: 'largest', examples: data.examples, baseline, allowed, curve: [...curve].sort((a, b) => a.sparsity - b.sparsity), chosen: Number.isFinite(chosen) ? chosen : null }
    if (search.chosen === null) {
      const best = curve.reduce((one, other) => other.value > one.value ? other : one)
      throw new EspalierError('target-missed',
        `no sparsity from ${bounds.low} on kept the accuracy at ${allowed.toFixed(4)} or above (${baseline.toFixed(4)} before) in ${curve.length} evaluations of ${data.examples} examples: the best, at sparsity ${best.sparsity.toFixed(4)}, came to ${best.value.toFixed(4)}; allow a lower accuracy, choose another criterion, or a method that trains`,
        { search })
    }
    return { sparsity: search.chosen, search }
  } finally {
    trial.dispose?.()
  }
}
