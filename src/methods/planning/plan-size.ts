/** Sizes of a model as a plan tells them. */
import type { ModelCounts } from '../../models/counts.ts'
import { sparseBytes } from '../../pruning/sparse.ts'
import type { PlanSize } from './plan.ts'

/** Prunable weights, and how many of them are zero. */
export interface PoolCounts { readonly weights: number, readonly zeros: number }

/** `given`: parameters of the model that compression compares with. */
export function planSize ({ weights, nonzeros, macs, effectiveMacs }: ModelCounts, pool: PoolCounts, given = weights): Omit<PlanSize, 'bytes' | 'gzipBytes'> {
  return {
    weights,
    nonzeros,
    sparsity: pool.weights === 0 ? 0 : pool.zeros / pool.weights,
    compression: nonzeros === 0 ? given : given / nonzeros,
    macs,
    effectiveMacs,
    sparseBytes: sparseBytes(weights, nonzeros),
  }
}
