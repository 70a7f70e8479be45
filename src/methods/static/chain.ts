/** Stages alone: the method leaves the model as it is, and what comes behind it does the work. */
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { StaticMethod } from '../method.ts'
import { countedAsIs } from './evaluate.ts'

export const chain = {
  name: 'chain',
  kind: 'static',
  description: METHOD_RULES.chain.description,
  writesModel: true,
  run: countedAsIs,
} as const satisfies StaticMethod
