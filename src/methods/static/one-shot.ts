/** One-shot pruning: the weights that matter least by a criterion go, to an exact count. */
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { StaticMethod } from '../method.ts'
import { pruneRanked } from './rank.ts'

export const oneShot = {
  name: 'one-shot',
  kind: 'static',
  description: METHOD_RULES['one-shot'].description,
  writesModel: true,
  run: pruneRanked,
} as const satisfies StaticMethod
