/** Magnitude pruning: the smallest weights go, to an exact count, in one competition or one for each layer. */
import { EspalierError } from '../../errors.ts'
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import { pruneMagnitude } from '../../pruning/prune.ts'
import type { StaticMethod } from '../method.ts'
import { readPool, resultOf } from './pool.ts'

export const magnitude = {
  name: 'magnitude',
  kind: 'static',
  description: METHOD_RULES.magnitude.description,
  writesModel: true,
  async run (context) {
    const { target, scope, criterion } = context.recipe
    if (target === null || !('sparsity' in target)) throw new EspalierError('invalid-recipe', 'the method magnitude needs target.sparsity')
    const pool = await readPool(context)
    const report = pruneMagnitude(pool.members, { sparsity: target.sparsity, scope, ...(criterion !== undefined && { criterion }) })
    return await resultOf(context.model, pool, report, () => `sparsity ${target.sparsity} asks for ${report.asked}; ask for more`)
  },
} as const satisfies StaticMethod
