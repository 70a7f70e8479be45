/** From a target to a result: finds the sparsity that meets it, prunes, and takes the statistics of batch normalisation anew where that is asked. */
import { recalibrateBatchNorm } from '../../engine/infer/recalibrate.ts'
import { EspalierError } from '../../errors.ts'
import type { HeldChanges } from '../../models/model.ts'
import type { Target } from '../../pruning/targets.ts'
import type { MethodResult, StaticContext } from '../method.ts'
import type { BatchNormRecord, SearchRecord } from '../receipt.ts'
import { openCalibration } from './calibrate.ts'
import { resultOf } from './pool.ts'
import { changesOf, type Pruner } from './pruner.ts'
import { keepAccuracy } from './targets/accuracy.ts'
import { bringDown } from './targets/size.ts'

/** Throws `nothing-pruned` and `target-missed`, saying how far it came. */
export async function pruneToTarget (context: StaticContext, pruner: Pruner): Promise<MethodResult> {
  const { recipe: { method, target }, model } = context
  if (target === null || 'threshold' in target || 'channels' in target || 'peakMemory' in target || 'latency' in target || 'latencyMs' in target) throw new EspalierError('invalid-recipe', `the method ${method} needs target.sparsity`)
  const found = await sparsityFor(target, context, pruner)
  const pruned = await pruner.prune(found.sparsity)
  const hint = (): string => found.search === undefined
    ? `sparsity ${found.sparsity} asks for ${pruned.report.asked}; ask for more`
    : `the ${found.search.metric} of ${found.search.baseline} is within ${found.search.allowed} at no more than that`
  const result = await resultOf(model, { ...pruner.pool, members: pruner.pool.members.map((member, index) => ({ ...member, values: pruned.values[index]! })) }, pruned.report, hint)
  const recalibrated = await recalibrate(context, changesOf(pruner.pool, pruned))
  return {
    ...result,
    changes: recalibrated.changes,
    ...(pruner.calibration && { calibration: pruner.calibration }),
    ...(pruner.sensitivity && { sensitivity: pruner.sensitivity }),
    ...(recalibrated.record && { batchNorm: recalibrated.record }),
    ...(found.search && { search: found.search }),
  }
}

async function sparsityFor (target: Exclude<Target, { readonly threshold: number } | { readonly channels: number } | { readonly peakMemory: number } | { readonly latency: number } | { readonly latencyMs: number }>, context: StaticContext, pruner: Pruner): Promise<{ readonly sparsity: number, readonly search?: SearchRecord }> {
  if ('sparsity' in target) return { sparsity: target.sparsity }
  if ('maxAccuracyDrop' in target || 'minAccuracy' in target) return await keepAccuracy(target, context, pruner, async (changes) => (await recalibrate(context, changes)).changes)
  return await bringDown(target, context, pruner)
}

/** The changes with new moving statistics, where the recipe asks for them; of another model than the given one where that is named. */
export async function recalibrate ({ recipe, model: given, signal, calibration }: StaticContext, changes: HeldChanges, model = given): Promise<{ readonly changes: HeldChanges, readonly record?: BatchNormRecord }> {
  if (recipe.batchNorm !== 'recalibrate') return { changes }
  if (calibration === undefined) throw new EspalierError('internal', 'batch normalisation was to be recalibrated over nothing')
  const data = await openCalibration(calibration, signal)
  const statistics = await recalibrateBatchNorm({ model, changes, data, batchSize: recipe.calibration!.batchSize, signal })
  return { changes: new Map([...changes, ...statistics]), record: { layers: statistics.size / 2, examples: data.examples } }
}
