/** A static method made ready: what it looks at is seen, so that it prunes to any sparsity, again and again from the same weights. */
import { EspalierError } from '../../errors.ts'
import type { PrunedTensor, PruneReport } from '../../pruning/prune.ts'
import type { CalibrationRecord, SensitivityRecord } from '../receipt.ts'
import type { Pool } from './pool.ts'

export interface Pruned {
  readonly report: PruneReport
  /** Every tensor of the pool, in its order. */
  readonly values: readonly Float32Array[]
  /** Did weights change that did not become zero, as they make up for others? */
  readonly compensated?: true
}

export interface Pruner {
  readonly pool: Pool
  readonly calibration?: CalibrationRecord
  readonly sensitivity?: readonly SensitivityRecord[]
  /** How many zeros each tensor of the pool would have. */
  preview (sparsity: number): Promise<readonly PrunedTensor[]>
  /** The pool's own values stay as they are. */
  prune (sparsity: number): Promise<Pruned>
  dispose? (): void
}

/** The new values by tensor key, of the tensors in which something changed. */
export function changesOf ({ members }: Pool, { values, report, compensated }: Pruned): Map<string, Float32Array> {
  const changed = members.map(({ key }, index) => ({ key, values: values[index]!, ...report.tensors[index]! })).filter(({ zeros, zerosBefore }) => compensated === true || zeros > zerosBefore)
  return new Map(changed.map(({ key, values }) => [key, values]))
}

/** Weights that share out what is asked: those without a sparsity of their own. Throws `invalid-recipe` where there are none. */
export function competing ({ members }: Pool): number {
  const weights = members.filter(({ sparsity }) => sparsity === undefined).reduce((sum, { values }) => sum + values.length, 0)
  if (weights === 0) throw new EspalierError('invalid-recipe', 'recipe: /target is searched for, but every weight has a sparsity of its own ("layers"): leave some out')
  return weights
}
