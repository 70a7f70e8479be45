/** What the benchmark of static pruning compares: criteria and scopes by the recipe's own words. */
import type { RecipeInput } from '../../src/pruning/recipe.ts'

export const SPARSITIES = [0.5, 0.7, 0.8, 0.9, 0.95, 0.98] as const

export interface Row { readonly name: string, readonly recipe: Pick<RecipeInput, 'method' | 'criterion' | 'scope'> }

const criteria = ['random', 'gradient', 'snip', 'taylor', 'fisher', 'wanda', 'synflow'] as const

export const ROWS: readonly Row[] = [
  ...(['global', 'layer', 'erk', 'lamp', 'sensitivity'] as const).map((scope): Row => ({ name: `magnitude ${scope}`, recipe: { method: 'magnitude', scope } })),
  ...criteria.map((criterion): Row => ({ name: `${criterion} global`, recipe: { method: 'one-shot', criterion, scope: 'global' } })),
  ...(['layer', 'output', 'lamp', 'sensitivity'] as const).map((scope): Row => ({ name: `wanda ${scope}`, recipe: { method: 'one-shot', criterion: 'wanda', scope } })),
  ...(['layer', 'lamp', 'sensitivity'] as const).map((scope): Row => ({ name: `sparsegpt ${scope}`, recipe: { method: 'sparsegpt', scope } })),
]
