/** Layer: weights compete within their layer, and every layer gets the same sparsity. */
import { competitionOf, membersByLayer, type Scope } from './scope.ts'

export const layer: Scope = {
  description: 'a ranking in each layer; all get the same sparsity',
  isGlobal: false,
  allocate: (pool, sparsity) => membersByLayer(pool).map((members) => competitionOf(pool, members, sparsity)),
}
