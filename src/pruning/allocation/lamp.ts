/** LAMP: all weights compete, each by its share of what its layer would have left. */
import { competitionOf, type Scope } from './scope.ts'

/**
 * The score of a weight is w^2 over the sum of the squares of all weights of its tensor that are not smaller: it tells how much of what is left the weight makes up, so that no
 * layer is emptied before the others. The order within a tensor stays that of |w|. Source: Lee et al., Layer-adaptive Sparsity for the Magnitude-based Pruning,
 * ICLR 2021, equation 2.
 */
export const lamp: Scope = {
  description: 'one ranking over all layers, of each weight by its share of what its layer would have left',
  isGlobal: true,
  score: lampScores,
  allocate: (pool, sparsity) => [competitionOf(pool, pool.map((_, index) => index), sparsity)],
}

/** Sums are taken in double precision from the largest on. Weights of 0 have the score 0. */
export function lampScores (scores: Float32Array): Float32Array {
  const sorted = scores.map(Math.abs).sort()
  const left = new Float64Array(sorted.length)
  let sum = 0
  for (let at = sorted.length - 1; at >= 0; at--) {
    sum += sorted[at]! ** 2
    left[at] = sum
  }
  return scores.map((score) => {
    const size = Math.abs(score)
    return size === 0 ? 0 : size ** 2 / left[firstAtLeast(sorted, size)]!
  })
}

/** Index of the first of ascending values that is not below `value`, which is one of them. */
function firstAtLeast (sorted: Float32Array, value: number): number {
  let [low, high] = [0, sorted.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
