/** Output: weights compete with those of the same output, and every output gets the same sparsity. */
import { EspalierError } from '../../errors.ts'
import { layer } from './layer.ts'
import type { Scope } from './scope.ts'

/**
 * What a weight is ranked by is its rank among the weights of its output, as a share of them, so that a ranking of the layer takes the same share of each. Source: Sun et al.,
 * A Simple and Effective Pruning Approach for Large Language Models, ICLR 2024, section 3: comparison groups by output.
 */
export const output: Scope = {
  description: 'a ranking among the weights of each output; all outputs get the same sparsity',
  isGlobal: false,
  byOutput: true,
  score (scores, outputOf) {
    if (outputOf === undefined) throw new EspalierError('internal', 'the scope output was not told which weights belong to which output')
    return ranksWithin(scores, outputOf)
  },
  allocate: layer.allocate,
}

/** Rank of each score among those of its group by absolute value, from just above 0 to 1; equal ones in their order. */
export function ranksWithin (scores: Float32Array, groupOf: Int32Array): Float32Array {
  const sizes = new Map<number, number>()
  for (const group of groupOf) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  // A stable order by size, then dealt out to the groups.
  const sorted = scores.map(Math.abs)
  const order = Uint32Array.from({ length: scores.length }, (_, index) => index).sort((a, b) => sorted[a]! - sorted[b]! || a - b)
  const ranks = new Float32Array(scores.length)
  const seen = new Map<number, number>()
  for (const index of order) {
    const group = groupOf[index]!
    const rank = (seen.get(group) ?? 0) + 1
    seen.set(group, rank)
    ranks[index] = rank / sizes.get(group)!
  }
  return ranks
}
