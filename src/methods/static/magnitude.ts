/** Magnitude pruning: the smallest weights go, to an exact count, in one competition or one for each layer. */
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { StaticMethod } from '../method.ts'
import { pruneRanked } from './rank.ts'

export const magnitude = {
  name: 'magnitude',
  kind: 'static',
  description: METHOD_RULES.magnitude.description,
  writesModel: true,
  run: pruneRanked,
} as const satisfies StaticMethod
