/** What POST /v1/jobs takes, in both of its forms. */
import { Type, type Static, type TSchema } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import { JobLimits, JobNeeds, Priority } from '../../../jobs/resources.ts'
import { parseRecipe, parseRecipeText } from '../../../pruning/recipe.ts'
import { RecipeRef } from '../../schemas.ts'
import { textField, type PartRule } from '../../uploads/form.ts'
import { validated } from '../../validation.ts'
import { File } from '../models/form.ts'

const ID_LENGTH = 100

const Id = (description: string) => Type.String({ minLength: 1, maxLength: ID_LENGTH, description })

export const ids = {
  model: Id('id of a model'),
  dataset: Type.Optional(Id('id of a data set')),
  evaluationDataset: Type.Optional(Id('id of a data set that only the receipt reads')),
  priority: Type.Optional(Priority),
  needs: Type.Optional(JobNeeds),
  limits: Type.Optional(JobLimits),
}

/** The recipe is checked by its own reader, which knows more than a schema. */
export const JobRequest = Type.Object({ ...ids, recipe: Type.Unknown() }, { additionalProperties: false })

/** The same with the recipe's schema, for the documentation. */
export const JobRequestDocument = Type.Object({ ...ids, recipe: RecipeRef }, { additionalProperties: false })

export const JobForm = Type.Object({
  model: Type.Union([File, Type.Array(File)], { description: 'a model file (or model.json and *.bin), or the id of a model' }),
  dataset: Type.Optional(Type.Union([File, Type.String()], { description: 'a data set file, or the id of a data set' })),
  evaluationDataset: Type.Optional(Type.Union([File, Type.String()], { description: 'a data set file that only the receipt reads, or its id' })),
  priority: Type.Optional(Priority),
  needs: Type.Optional(Type.String({ description: 'as JSON, such as {"device": "gpu"}' })),
  limits: Type.Optional(Type.String({ description: 'as JSON, such as {"timeSeconds": 3600}' })),
  recipe: Type.Union([File, Type.String()], { description: 'the recipe as JSON or YAML, as text or as a file' }),
}, { additionalProperties: false })

/** A field that holds JSON, which comes parsed when its part says that it is JSON. */
function jsonField<T extends TSchema> (name: string, schema: T): (value: unknown) => Static<T> {
  return (value) => {
    try {
      return validated(schema, typeof value === 'string' ? JSON.parse(value) : value, `part "${name}"`)
    } catch (error) {
      if (error instanceof EspalierError) throw error
      throw new EspalierError('invalid-request', `part "${name}": is not valid JSON (${(error as Error).message})`, {}, { cause: error })
    }
  }
}

/** The parts of the form; `recipe` becomes a Recipe as soon as it comes. */
export const JOB_PARTS = {
  model: { file: 'model', field: textField('model', ID_LENGTH), description: 'a model file or the id of a model' },
  dataset: { file: 'blob', field: textField('dataset', ID_LENGTH), description: 'a data set file or the id of a data set' },
  evaluationDataset: { file: 'blob', field: textField('evaluationDataset', ID_LENGTH), description: 'a data set file or the id of a data set' },
  priority: { field: jsonField('priority', Priority), description: 'a whole number from 0 to 9' },
  needs: { field: jsonField('needs', JobNeeds), description: 'what a worker must have, as JSON' },
  limits: { field: jsonField('limits', JobLimits), description: 'what the job may take, as JSON' },
  recipe: { file: 'text', field: (value) => parseRecipe(typeof value === 'string' ? parseRecipeText(value) : value), description: 'a recipe as JSON or YAML' },
} as const satisfies Record<string, PartRule>
