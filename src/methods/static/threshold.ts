/** Threshold pruning: every prunable weight whose magnitude is not above the threshold goes. */
import { EspalierError } from '../../errors.ts'
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import { deviationOf, pruneThreshold } from '../../pruning/threshold.ts'
import type { StaticMethod } from '../method.ts'
import { planUnits } from '../plan-units.ts'
import { readPool, resultOf, type Pool, type PoolMember } from './pool.ts'
import type { Pruned } from './pruner.ts'
import { isStreamed, thresholdStreamed } from './stream.ts'

export const threshold = {
  name: 'threshold',
  kind: 'static',
  description: METHOD_RULES.threshold.description,
  writesModel: true,
  async run (context) {
    const { target } = context.recipe
    const plan = planUnits(context.model, context.recipe)
    if (isStreamed(context, plan)) return await thresholdStreamed(context, plan)
    const pool = await readPool(context, plan)
    const { report, values } = thresholdCut(pool, context.recipe)
    const pruned = { ...pool, members: pool.members.map((member, index) => ({ ...member, values: values[index]! })) }
    return await resultOf(context.model, pruned, report, () => `the smallest magnitude that is left is ${smallest(pool.members)}, the threshold ${'threshold' in target! ? `${target.threshold}${target.unit === 'std' ? ' standard deviations' : ''}` : ''}`)
  },
} as const satisfies StaticMethod

/** Prunes copies of the pool. */
export function thresholdCut ({ members }: Pool, { target }: Recipe): Pruned {
  if (target === null || !('threshold' in target)) throw new EspalierError('invalid-recipe', 'the method threshold needs target.threshold')
  const copies = members.map((member) => {
    const threshold = member.threshold ?? target.threshold
    return { ...member, values: member.values.slice(), threshold: target.unit === 'std' ? threshold * deviationOf(member.values) : threshold }
  })
  return { report: pruneThreshold(copies), values: copies.map(({ values }) => values) }
}

function smallest (members: readonly PoolMember[]): number {
  let least = Infinity
  for (const { values } of members) for (const value of values) if (value !== 0) least = Math.min(least, Math.abs(value))
  return least
}
