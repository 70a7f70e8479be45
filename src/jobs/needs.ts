/** What a job needs of a worker, and the queue that follows from it. */
import { METHOD_RULES } from '../pruning/method-rules.ts'
import type { Recipe } from '../pruning/recipe.ts'
import { needsOfStages } from '../pruning/stages/index.ts'
import type { QueueName } from './queues.ts'
import type { JobNeeds, Model } from './resources.ts'

const FLOAT_BYTES = 4
const MB = 2 ** 20

/** Weights, gradients, the optimizer's two slots and masks. */
const TRAINED_COPIES = 5
/** Weights, their former values, and what the engine computes with. */
const EVALUATED_COPIES = 3

/**
 * Megabytes without which a job surely fails: float32 weights, as often as its method holds them. Only a lower bound, so that no job waits for a large
 * worker that an ordinary one could have run; activations and examples come on top. Weights that are neither trained nor evaluated are streamed.
 */
export function leastMemoryMb ({ method, stages }: Pick<Recipe, 'method' | 'stages'>, { weights, evaluated }: { weights: number, evaluated: boolean }): number {
  const copies = METHOD_RULES[method].trains || needsOfStages(stages).trains !== undefined ? TRAINED_COPIES : evaluated || stages.length > 0 ? EVALUATED_COPIES : 0
  return Math.ceil(copies * weights * FLOAT_BYTES / MB)
}

/** Where a job waits: `gpu` when it asked for one, `large` when it needs more than `largeMb`, else `default`. */
export function queueFor ({ device, memoryMb = 0 }: JobNeeds, largeMb: number): QueueName {
  if (device === 'gpu') return 'gpu'
  return memoryMb > largeMb ? 'large' : 'default'
}

/** What a job of these files needs, where nothing else is asked for, and where it waits. */
export function placeOf (recipe: Recipe, { model, dataset, evaluationDataset }: { model: Pick<Model, 'weights'>, dataset: unknown, evaluationDataset: unknown }, largeMb: number, asked: JobNeeds = {}): { needs: JobNeeds, queue: QueueName } {
  const evaluated = recipe.evaluation !== false && (dataset ?? evaluationDataset) !== null
  const memoryMb = leastMemoryMb(recipe, { weights: model.weights, evaluated })
  const needs = { ...(memoryMb > 0 && { memoryMb }), ...asked }
  return { needs, queue: queueFor(needs, largeMb) }
}

/** What a worker serves that was not told: what is left to it by its device and by the memory that it gives one job. */
export function queuesServed ({ device, memoryMb }: { device: string | null, memoryMb: number }, largeMb: number): QueueName[] {
  return ['default', ...(memoryMb > largeMb ? ['large' as const] : []), ...(device === 'gpu' ? ['gpu' as const] : [])]
}
