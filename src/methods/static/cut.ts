/** The cut of a ranking by one criterion, on copies: what every static ranking shares, with or without observations. */
import { CRITERIA, type Criterion, type Observed } from '../../pruning/criteria/index.ts'
import { pruneByScores, type PruneTarget } from '../../pruning/prune.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type { Pool, PoolMember } from './pool.ts'
import type { Pruned } from './pruner.ts'

/** Prunes copies of some members of the pool; `observed`: of a weight, what its criterion looks at. */
export function createCut ({ members }: Pool, { criterion: name = 'magnitude', seed }: Pick<Recipe, 'criterion' | 'seed'>): (some: readonly PoolMember[], target: PruneTarget, observed?: (member: PoolMember) => Observed) => Pruned {
  const { score, units }: Criterion = CRITERIA[name]
  const place = new Map(members.map((member, index) => [member.name, index]))
  return (some, target, observed) => {
    const copies = some.map((member) => ({ ...member, values: member.values.slice() }))
    const scores = copies.map((member) => score(member.values, { observed: observed?.(member) ?? {}, seed, place: place.get(member.name)!, grouping: member.grouping }))
    return { report: pruneByScores(copies, { scores, ...(units && { units }) }, target), values: copies.map(({ values }) => values) }
  }
}
