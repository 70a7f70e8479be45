/** One model pruned by one recipe, as a job does it: what it has, and how accurate it is before and after. */
import { runRecipe } from '../methods/run-recipe.ts'
import { CASES, type CaseName } from './cases.ts'

export interface PruneRequest {
  /** Path of the model. */
  readonly model: string
  /** Path of the examples. */
  readonly dataset: string
  /** For what is written on the way. */
  readonly folder: string
  readonly seed: number
}

/** Of one model; accuracies are shares of the reported examples. */
export interface Pruned {
  /** Path of the model as it was pruned, not yet trained on. */
  readonly path: string
  readonly weights: number
  readonly weightsBefore: number
  readonly macs: number
  readonly macsBefore: number
  readonly dense: number
  readonly oneShot: number
}

const QUIET = { evaluation: { latency: false } }

export async function pruneOnce ({ model, dataset, folder, seed }: PruneRequest, name: CaseName, variant: object): Promise<Pruned> {
  const { receipt, model: path } = await runRecipe({ model, dataset, folder, recipe: { method: 'structured', ...CASES[name], ...variant, ...QUIET, seed } })
  const { before, after } = receipt
  return { path, weights: after.weights, weightsBefore: before.weights, macs: after.macs!, macsBefore: before.macs!, dense: before.metrics!.accuracy!, oneShot: after.metrics!.accuracy! }
}
