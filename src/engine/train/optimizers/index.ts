/** All optimizers by name. */
import type { OptimizerRule } from '../options.ts'
import { adagrad } from './adagrad.ts'
import { adam } from './adam.ts'
import type { Optimizer } from './optimizer.ts'
import { rmsprop } from './rmsprop.ts'
import { sgd } from './sgd.ts'

export type { Optimizer } from './optimizer.ts'

type Rule<Type extends OptimizerRule['type']> = OptimizerRule & { readonly type: Type }

/** `adamw` is Adam whose weight decay, which every optimizer takes, is not 0 by default. */
export const OPTIMIZERS: { readonly [Type in OptimizerRule['type']]: (rule: Rule<Type>) => Optimizer } = { sgd, adam, adamw: adam, rmsprop, adagrad }

export function createOptimizer (rule: OptimizerRule): Optimizer {
  return (OPTIMIZERS[rule.type] as (rule: OptimizerRule) => Optimizer)(rule)
}
