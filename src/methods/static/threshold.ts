/** Threshold pruning: every prunable weight whose magnitude is not above the threshold goes. */
import { EspalierError } from '../../errors.ts'
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import { pruneThreshold } from '../../pruning/threshold.ts'
import type { StaticMethod } from '../method.ts'
import { planUnits } from '../plan-units.ts'
import { readPool, resultOf, type PoolMember } from './pool.ts'
import { isStreamed, thresholdStreamed } from './stream.ts'

export const threshold = {
  name: 'threshold',
  kind: 'static',
  description: METHOD_RULES.threshold.description,
  writesModel: true,
  async run (context) {
    const { target } = context.recipe
    if (target === null || !('threshold' in target)) throw new EspalierError('invalid-recipe', 'the method threshold needs target.threshold')
    const plan = planUnits(context.model, context.recipe)
    if (isStreamed(context, plan)) return await thresholdStreamed(context, plan, target.threshold)
    const pool = await readPool(context, plan)
    const report = pruneThreshold(pool.members.map((member) => ({ ...member, threshold: member.threshold ?? target.threshold })))
    return await resultOf(context.model, pool, report, () => `the smallest magnitude that is left is ${smallest(pool.members)}, the threshold ${target.threshold}`)
  },
} as const satisfies StaticMethod

function smallest (members: readonly PoolMember[]): number {
  let least = Infinity
  for (const { values } of members) for (const value of values) if (value !== 0) least = Math.min(least, Math.abs(value))
  return least
}
