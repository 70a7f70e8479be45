/** The weights that training begins with. */
import { mulberry32 } from '../../datasets/random.ts'
import { initialValues } from '../../models/initializers/index.ts'
import type { HeldChanges } from '../../models/model.ts'
import type { TrainingContext } from '../method.ts'

/** Fresh ones, drawn as the layers' initializers say, or undefined: the model's own. Throws `unsupported-layer` for an initializer that is not known here. */
export function firstWeights ({ recipe, model }: Pick<TrainingContext, 'recipe' | 'model'>): HeldChanges | undefined {
  if (recipe.training?.from !== 'scratch') return undefined
  const random = mulberry32(recipe.seed)
  const values = model.layers.flatMap((layer) => layer.weights.map((weight): [string, Float32Array | undefined] => [weight.tensor.key, initialValues(layer, weight, random)]))
  return new Map(values.filter((entry): entry is [string, Float32Array] => entry[1] !== undefined))
}
