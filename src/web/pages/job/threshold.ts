/** Where a tensor was cut: one magnitude between what stayed and what went, where there is such a one. */
import type { Receipt } from '../../api/types.ts'
import type { WeightTensor } from '../../api/weights.ts'

/** Of patterns, such as 2 of 4, each small set of weights is cut at a place of its own: null. Layers with a sparsity of their own have a threshold of their own. */
export function thresholdOf ({ layer, pattern, largestZeroed }: Pick<WeightTensor, 'layer' | 'pattern' | 'largestZeroed'>, { threshold, layers }: Pick<Receipt, 'threshold'> & { readonly layers: ReadonlyArray<Pick<Receipt['layers'][number], 'name' | 'asked'>> }): number | null {
  if (pattern !== undefined) return null
  const asked = layers.find(({ name }) => name === layer)?.asked ?? null
  return asked === null ? threshold ?? largestZeroed : largestZeroed
}
