/** Layer: weights compete within their layer, and every layer gets the same sparsity. */
import { competitionOf, type Scope } from './scope.ts'

export const layer: Scope = {
  description: 'a ranking in each layer; all get the same sparsity',
  isGlobal: false,
  allocate (pool, sparsity) {
    const byLayer = new Map<string, number[]>()
    for (const [index, { layer }] of pool.entries()) byLayer.set(layer, [...byLayer.get(layer) ?? [], index])
    return [...byLayer.values()].map((members) => competitionOf(pool, members, sparsity))
  },
}
