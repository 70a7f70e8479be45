/** Pruning at once by a criterion: look at data where it asks for it, score every weight, cut the ranking. */
import { EspalierError } from '../../errors.ts'
import { CRITERIA, type Criterion } from '../../pruning/criteria/index.ts'
import { pruneByScores } from '../../pruning/prune.ts'
import type { MethodResult, StaticContext } from '../method.ts'
import { planUnits } from '../plan-units.ts'
import { calibrate } from './calibrate.ts'
import { readPool, resultOf } from './pool.ts'
import { isStreamed, rankStreamed } from './stream.ts'

/** Throws `nothing-pruned` and `target-missed`, and what calibrating throws. */
export async function pruneRanked (context: StaticContext): Promise<MethodResult> {
  const { recipe, model } = context
  const { target, scope, seed, criterion: name = 'magnitude' } = recipe
  if (target === null || !('sparsity' in target)) throw new EspalierError('invalid-recipe', `the method ${recipe.method} needs target.sparsity`)
  const criterion: Criterion = CRITERIA[name]
  const plan = planUnits(model, recipe)
  if (isStreamed(context, plan)) return await rankStreamed(context, plan, criterion, target.sparsity)
  const seen = criterion.observes && await calibrate(context, criterion.observes, plan.plan.prune.map((tensor) => tensor.name))
  const pool = await readPool(context, seen === undefined ? plan : planUnits(model, recipe, (tensor) => seen.refused(tensor.name)))
  const scores = pool.members.map(({ name, shape, values }, place) => criterion.score(values, { observed: seen?.of(name, shape) ?? {}, seed, place }))
  const report = pruneByScores(pool.members, { scores, ...(criterion.units && { units: criterion.units }) }, { sparsity: target.sparsity, scope })
  const result = await resultOf(model, pool, report, () => `sparsity ${target.sparsity} asks for ${report.asked}; ask for more`)
  return seen === undefined ? result : { ...result, calibration: seen.record }
}
