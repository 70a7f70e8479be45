/** The recipe as a person or a program writes it: the one schema that validation, documentation and the API read. */
import { Type, type Static } from 'typebox'
import { RECIPE_PARTS } from './recipe-parts.ts'
import { StagesInput } from './stages/index.ts'

export const RecipeInput = Type.Object({
  ...RECIPE_PARTS,
  stages: Type.Optional(StagesInput),
}, { additionalProperties: false, $id: 'Recipe', description: 'What is to be done with a model. The short form: {"method": "magnitude", "target": {"sparsity": 0.9}}' })

export type RecipeInput = Static<typeof RecipeInput>
