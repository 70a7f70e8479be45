/** What POST /v1/jobs takes, in both of its forms. */
import { Type } from 'typebox'
import { parseRecipe, parseRecipeText } from '../../../pruning/recipe.ts'
import { RecipeRef } from '../../schemas.ts'
import { textField, type PartRule } from '../../uploads/form.ts'
import { File } from '../models/form.ts'

const ID_LENGTH = 100

const Id = (description: string) => Type.String({ minLength: 1, maxLength: ID_LENGTH, description })

export const ids = {
  model: Id('id of a model'),
  dataset: Type.Optional(Id('id of a data set')),
  evaluationDataset: Type.Optional(Id('id of a data set that only the receipt reads')),
}

/** The recipe is checked by its own reader, which knows more than a schema. */
export const JobRequest = Type.Object({ ...ids, recipe: Type.Unknown() }, { additionalProperties: false })

/** The same with the recipe's schema, for the documentation. */
export const JobRequestDocument = Type.Object({ ...ids, recipe: RecipeRef }, { additionalProperties: false })

export const JobForm = Type.Object({
  model: Type.Union([File, Type.Array(File)], { description: 'a model file (or model.json and *.bin), or the id of a model' }),
  dataset: Type.Optional(Type.Union([File, Type.String()], { description: 'a data set file, or the id of a data set' })),
  evaluationDataset: Type.Optional(Type.Union([File, Type.String()], { description: 'a data set file that only the receipt reads, or its id' })),
  recipe: Type.Union([File, Type.String()], { description: 'the recipe as JSON or YAML, as text or as a file' }),
}, { additionalProperties: false })

/** The parts of the form; `recipe` becomes a Recipe as soon as it comes. */
export const JOB_PARTS = {
  model: { file: 'model', field: textField('model', ID_LENGTH), description: 'a model file or the id of a model' },
  dataset: { file: 'blob', field: textField('dataset', ID_LENGTH), description: 'a data set file or the id of a data set' },
  evaluationDataset: { file: 'blob', field: textField('evaluationDataset', ID_LENGTH), description: 'a data set file or the id of a data set' },
  recipe: { file: 'text', field: (value) => parseRecipe(typeof value === 'string' ? parseRecipeText(value) : value), description: 'a recipe as JSON or YAML' },
} as const satisfies Record<string, PartRule>
