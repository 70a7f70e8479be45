/** A model with every layer that can be factorized in factors, whether that saves multiplications or not. */
import type { ModelFile } from '../../src/models/model.ts'
import { candidatesOf } from '../../src/pruning/low-rank/candidates.ts'
import { decompose } from '../../src/pruning/low-rank/decompose.ts'
import { factorize } from '../../src/pruning/low-rank/factorize.ts'

/** `energy`: what every layer keeps of the squares of its kernel, 0 to 1. */
export async function factorized (model: ModelFile, energy: number): Promise<ModelFile> {
  const { candidates } = await candidatesOf(model, ['**'])
  const layers = candidates.map((candidate) => ({ ...candidate, decomposition: decompose(candidate.values, candidate.kernel) }))
  return factorize(model, layers.map((layer) => ({ layer, ranks: layer.decomposition.least(energy) }))).model
}
