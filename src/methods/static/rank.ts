/** Pruning at once by a criterion: look at what it goes by, score every weight, cut the ranking. */
import { EspalierError } from '../../errors.ts'
import { CRITERIA, observedFor, type Criterion } from '../../pruning/criteria/index.ts'
import { pruneByScores } from '../../pruning/prune.ts'
import type { MethodResult, StaticContext } from '../method.ts'
import { planUnits } from '../plan-units.ts'
import { readPool, resultOf } from './pool.ts'
import { SIGHTS } from './sights/index.ts'
import type { Sight } from './sights/sight.ts'

/** Throws `nothing-pruned` and `target-missed`, and what looking throws. */
export async function pruneRanked (context: StaticContext): Promise<MethodResult> {
  const { recipe, model } = context
  const { criterion: name = 'magnitude' } = recipe
  const kind = observedFor(CRITERIA[name], recipe.granularity.type)
  const sight = kind && await SIGHTS[kind](context, planUnits(model, recipe))
  try {
    return await rank(context, CRITERIA[name], sight)
  } finally {
    sight?.dispose()
  }
}

async function rank (context: StaticContext, criterion: Criterion, sight: Sight | undefined): Promise<MethodResult> {
  const { recipe, model } = context
  const { target, scope, seed } = recipe
  if (target === null || !('sparsity' in target)) throw new EspalierError('invalid-recipe', `the method ${recipe.method} needs target.sparsity`)
  const seen = await sight?.see(new Map())
  const pool = await readPool(context, planUnits(model, recipe, (tensor) => seen?.refused(tensor)))
  const scores = pool.members.map((member, place) => criterion.score(member.values, { observed: seen?.of(member) ?? {}, seed, place, grouping: member.grouping }))
  const report = pruneByScores(pool.members, { scores, ...(criterion.units && { units: criterion.units }) }, { sparsity: target.sparsity, scope })
  const result = await resultOf(model, pool, report, () => `sparsity ${target.sparsity} asks for ${report.asked}; ask for more`)
  return seen?.record === undefined ? result : { ...result, calibration: seen.record }
}
