/** Pruning at once by a criterion: look at what it goes by, score every weight, cut the ranking. */
import { EspalierError } from '../../errors.ts'
import { CRITERIA, observedFor, type Criterion } from '../../pruning/criteria/index.ts'
import { pruneByScores, totalsOf, type PruneReport } from '../../pruning/prune.ts'
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
  const { recipe, model, signal, onProgress } = context
  const { target, scope, seed, options } = recipe
  if (target === null || !('sparsity' in target)) throw new EspalierError('invalid-recipe', `the method ${recipe.method} needs target.sparsity`)
  const rounds = Number(options?.rounds ?? 1)
  let seen = await sight?.see(new Map())
  const pool = await readPool(context, planUnits(model, recipe, (tensor) => seen?.refused(tensor)))
  const reports: PruneReport[] = []
  for (let round = 1; round <= rounds; round++) {
    signal.throwIfAborted()
    if (round > 1) seen = await sight?.see(new Map(pool.members.map(({ key, values }) => [key, values])))
    const scores = pool.members.map((member, place) => criterion.score(member.values, { observed: seen?.of(member) ?? {}, seed, place, grouping: member.grouping }))
    const share = (sparsity: number): number => round === rounds ? sparsity : 1 - (1 - sparsity) ** (round / rounds)
    const members = pool.members.map((member) => member.sparsity === undefined ? member : { ...member, sparsity: share(member.sparsity) })
    reports.push(pruneByScores(members, { scores, ...(criterion.units && { units: criterion.units }) }, { sparsity: share(target.sparsity), scope }))
    if (rounds > 1) onProgress?.({ stage: 'pruning', done: round, total: rounds, etaSeconds: null })
    // Lets messages (cancel, disconnect) in between rounds.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const report = overRounds(reports)
  const result = await resultOf(model, pool, report, () => `sparsity ${target.sparsity} asks for ${report.asked}; ask for more`)
  return seen?.record === undefined ? result : { ...result, calibration: seen.record }
}

/** What the last round left, with the zeros there were before the first. */
function overRounds (reports: readonly PruneReport[]): PruneReport {
  const [first, last] = [reports[0]!, reports.at(-1)!]
  const tensors = last.tensors.map((tensor, index) => ({ ...tensor, zerosBefore: first.tensors[index]!.zerosBefore }))
  return { ...last, ...totalsOf(tensors), tensors }
}
