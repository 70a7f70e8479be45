/** The weights that training begins with. */
import type { TensorChanges } from '../../models/model.ts'
import type { TrainingContext } from '../method.ts'

/** Undefined: the model's own. */
export function firstWeights (context: TrainingContext): TensorChanges | undefined {
  return context.recipe.training?.from === 'scratch' ? new Map() : undefined
}
