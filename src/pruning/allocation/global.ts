/** Global: all weights of the pool compete, so that layers that matter less lose more. */
import { competitionOf, type Scope } from './scope.ts'

export const global: Scope = {
  description: 'one ranking over all layers; each loses what is least in the whole model',
  isGlobal: true,
  allocate: (pool, sparsity) => [competitionOf(pool, pool.map((_, index) => index), sparsity)],
}
