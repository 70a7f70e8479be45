/** Pruning at once by a criterion: look at data where it asks for it, score every weight, cut the ranking. */
import { SCOPES, type Scope } from '../../pruning/allocation/index.ts'
import { CRITERIA, type Criterion } from '../../pruning/criteria/index.ts'
import type { MethodResult, StaticContext } from '../method.ts'
import { planUnits } from '../plan-units.ts'
import { calibrate } from './calibrate.ts'
import { createCut } from './cut.ts'
import { readPool } from './pool.ts'
import { changesOf, type Pruned, type Pruner } from './pruner.ts'
import { pruneToTarget } from './reach.ts'
import { joinRecords, scanLayers } from './scan.ts'

/** Throws `nothing-pruned` and `target-missed`, and what calibrating throws. */
export async function pruneRanked (context: StaticContext): Promise<MethodResult> {
  return await pruneToTarget(context, await rankPruner(context))
}

/** Ready to prune to any sparsity. Throws what calibrating throws. */
export async function rankPruner (context: StaticContext): Promise<Pruner> {
  const { recipe, model } = context
  const { scope, criterion: name = 'magnitude' } = recipe
  const { observes }: Criterion = CRITERIA[name]
  const plan = planUnits(model, recipe)
  const seen = observes && await calibrate(context, observes, plan.plan.prune.map((tensor) => tensor.name))
  const pool = await readPool(context, seen === undefined ? plan : planUnits(model, recipe, (tensor) => seen.refused(tensor.name)))
  const cut = createCut(pool, recipe, (member) => seen?.of(member.name, member.shape) ?? {})
  const scan = (SCOPES[scope] as Scope).scans === true
    ? await scanLayers(context, pool, (members, sparsity) => {
      const pruned = cut(members.map(({ sparsity: own, ...member }) => member), { sparsity, scope: 'layer' })
      return { changes: changesOf({ ...pool, members }, pruned), zeros: pruned.report.zeros }
    })
    : undefined
  const at = (sparsity: number): Pruned => cut(pool.members, { sparsity, scope, ...(scan && { curves: scan.curves }) })
  const record = joinRecords(seen?.record, scan?.record)
  return {
    pool,
    ...(record && { calibration: record }),
    ...(scan && { sensitivity: scan.sensitivity }),
    preview: (sparsity) => at(sparsity).report.tensors,
    prune: async (sparsity) => at(sparsity),
  }
}
