/** Pruning at once by a criterion: look at what it goes by, score every weight, cut the ranking. */
import { SCOPES, type Scope } from '../../pruning/allocation/index.ts'
import { CRITERIA, observedFor } from '../../pruning/criteria/index.ts'
import { totalsOf, type PruneReport } from '../../pruning/prune.ts'
import type { MethodResult, StaticContext } from '../method.ts'
import { planUnits } from '../plan-units.ts'
import { createCut } from './cut.ts'
import { readPool, type PoolMember } from './pool.ts'
import { changesOf, type Pruned, type Pruner } from './pruner.ts'
import { pruneToTarget } from './reach.ts'
import { joinRecords, scanLayers } from './scan.ts'
import { SIGHTS } from './sights/index.ts'
import { isStreamed, rankStreamed } from './stream.ts'

/** Throws `nothing-pruned` and `target-missed`, and what looking throws. */
export async function pruneRanked (context: StaticContext): Promise<MethodResult> {
  const { recipe, model } = context
  const plan = planUnits(model, recipe)
  if (isStreamed(context, plan)) return await rankStreamed(context, plan)
  const pruner = await rankPruner(context, plan)
  try {
    return await pruneToTarget(context, pruner)
  } finally {
    pruner.dispose?.()
  }
}

/** Ready to prune to any sparsity; holds device memory until it is disposed of. Throws what looking throws. */
export async function rankPruner (context: StaticContext, plan = planUnits(context.model, context.recipe)): Promise<Pruner> {
  const { recipe, model, signal, onProgress } = context
  const { scope, criterion: name = 'magnitude', options } = recipe
  const kind = observedFor(CRITERIA[name], recipe.granularity.type)
  const sight = kind && await SIGHTS[kind](context, plan)
  try {
    const first = await sight?.see(new Map())
    const pool = await readPool(context, first === undefined ? plan : planUnits(model, recipe, (tensor) => first.refused(tensor)))
    const cut = createCut(pool, recipe)
    const scan = (SCOPES[scope] as Scope).scans === true
      ? await scanLayers(context, pool, (members, sparsity) => {
        const pruned = cut(members.map(({ sparsity: own, ...member }) => member), { sparsity, scope: 'layer' }, first?.of)
        return { changes: changesOf({ ...pool, members }, pruned), zeros: pruned.report.zeros }
      })
      : undefined
    const rounds = Number(options?.rounds ?? 1)
    const prune = async (sparsity: number): Promise<Pruned> => {
      const share = (whole: number, round: number): number => round === rounds ? whole : 1 - (1 - whole) ** (round / rounds)
      const reports: PruneReport[] = []
      let [members, seen]: [readonly PoolMember[], typeof first] = [pool.members, first]
      for (let round = 1; round <= rounds; round++) {
        signal.throwIfAborted()
        if (round > 1) seen = await sight?.see(new Map(members.map(({ key, values }) => [key, values])))
        const pinned = members.map((member) => member.sparsity === undefined ? member : { ...member, sparsity: share(member.sparsity, round) })
        const { report, values } = cut(pinned, { sparsity: share(sparsity, round), scope, ...(scan && { curves: scan.curves }) }, seen?.of)
        reports.push(report)
        members = members.map((member, index) => ({ ...member, values: values[index]! }))
        if (rounds > 1) onProgress?.({ stage: 'pruning', done: round, total: rounds, etaSeconds: null })
        // Lets messages (cancel, disconnect) in between rounds.
        await new Promise((resolve) => setImmediate(resolve))
      }
      return { report: overRounds(reports), values: members.map(({ values }) => values) }
    }
    const record = joinRecords(first?.record, scan?.record)
    return {
      pool,
      ...(record && { calibration: record }),
      ...(scan && { sensitivity: scan.sensitivity }),
      preview: async (sparsity) => (await prune(sparsity)).report.tensors,
      prune,
      dispose () { sight?.dispose() },
    }
  } catch (error) {
    sight?.dispose()
    throw error
  }
}

/** What the last round left, with the zeros there were before the first. */
function overRounds (reports: readonly PruneReport[]): PruneReport {
  const [first, last] = [reports[0]!, reports.at(-1)!]
  const tensors = last.tensors.map((tensor, index) => ({ ...tensor, zerosBefore: first.tensors[index]!.zerosBefore }))
  return { ...last, ...totalsOf(tensors), tensors }
}
