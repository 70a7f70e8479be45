/** The plan of a recipe that looks at no data: the job's own ranking, cut and files, on copies that are forgotten. */
import { EspalierError } from '../../errors.ts'
import { isExport } from '../../models/exports/index.ts'
import type { ModelFile } from '../../models/model.ts'
import { sizeOf } from '../../models/tensor.ts'
import { pruneMagnitude, type PrunedTensor } from '../../pruning/prune.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import { exportingOf, writeAs, type OutputName } from '../exports/export-model.ts'
import type { UnitPlan } from '../plan-units.ts'
import type { SearchRecord } from '../receipt.ts'
import { createCut } from '../static/cut.ts'
import { readPool, resultOf } from '../static/pool.ts'
import { changesOf, type Pruned, type Pruner } from '../static/pruner.ts'
import { bringDown } from '../static/targets/size.ts'
import { thresholdCut } from '../static/threshold.ts'
import { PLANNED_WEIGHTS } from './limits.ts'
import { createScale, type Weighed, type WeighFile } from './memory-scale.ts'

export interface ExactPlan {
  readonly tensors: readonly PrunedTensor[]
  readonly search?: SearchRecord
  /** Of the first file that would be written; null where weights that stay change as well. */
  readonly file: Weighed | null
}

/** Throws what the job would throw. */
export async function planExactly (model: ModelFile, recipe: Recipe, units: UnitPlan, gzipSize: WeighFile): Promise<ExactPlan> {
  const signal = new AbortController().signal
  const context = { model, recipe, signal }
  const pool = await readPool(context, units)
  const scale = createScale(model, recipe, gzipSize)
  const { target, scope } = recipe
  if (recipe.method === 'threshold') {
    const pruned = thresholdCut(pool, recipe)
    await resultOf(model, pool, pruned.report, () => 'the threshold is below every weight')
    return { tensors: pruned.report.tensors, file: await scale.both(changesOf(pool, pruned)) }
  }
  const compensates = recipe.method === 'sparsegpt'
  const cut = createCut(pool, recipe)
  const at = (sparsity: number): Pruned => cut(pool.members, { sparsity, scope })
  const preview = compensates
    ? (sparsity: number): readonly PrunedTensor[] => pruneMagnitude(pool.members.map((member) => ({ ...member, values: member.values.slice() })), { sparsity, scope }).tensors
    : (sparsity: number): readonly PrunedTensor[] => at(sparsity).report.tensors
  const pruner: Pruner = { pool, preview: async (sparsity) => preview(sparsity), prune: async (sparsity) => at(sparsity) }
  if (target === null) throw new EspalierError('internal', 'a plan without a target')
  const found = 'sparsity' in target
    ? { sparsity: target.sparsity }
    : await bringDown(target as Parameters<typeof bringDown>[0], { ...context, weigh: scale.one }, pruner)
  if (compensates) return { tensors: preview(found.sparsity), ...found, file: null }
  const pruned = at(found.sparsity)
  await resultOf(model, pool, pruned.report, () => `sparsity ${found.sparsity} asks for ${pruned.report.asked}; ask for more`)
  return { tensors: pruned.report.tensors, ...found, file: recipe.batchNorm === 'recalibrate' ? null : await scale.both(changesOf(pool, pruned)) }
}

/** Formats of the recipe that this model cannot be written in, found by the writers themselves on the model as it is; exports of large models are left to the job, as all weights are held for them. */
export async function unwritable (model: ModelFile, { output, ...options }: Recipe): Promise<EspalierError[]> {
  const refused: EspalierError[] = []
  const unchanged = new Map<string, Float32Array>()
  const exporting = exportingOf(model, unchanged)
  const weights = model.layers.reduce((sum, layer) => layer.weights.reduce((own, { tensor }) => own + sizeOf(tensor.shape), sum), 0)
  for (const format of (output ?? []) as readonly OutputName[]) {
    if (format === model.format || (isExport(format) && weights > PLANNED_WEIGHTS)) continue
    try {
      await writeAs(model, unchanged, format, options, { async write () {} }, exporting)
    } catch (thrown) {
      refused.push(EspalierError.from(thrown))
    }
  }
  return refused
}
