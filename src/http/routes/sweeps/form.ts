/** What the routes of sweeps take. */
import { Type, type Static } from 'typebox'
import { PickInput } from '../../../jobs/sweeps/picks/index.ts'
import { MAX_POINTS } from '../../../jobs/sweeps/points.ts'
import { SWEEP_STATES } from '../../../jobs/sweeps/states.ts'
import { FormatQuery, page, RecipeRef } from '../../schemas.ts'
import { ids } from '../jobs/form.ts'

const NAME_LETTERS = 200

const Grid = Type.Record(Type.String(), Type.Array(Type.Unknown()), {
  description: `by dotted path into the recipe, such as "target.sparsity", the values that stand there in turn: every combination is a point, at most ${MAX_POINTS}`,
})

const shared = { ...ids, name: Type.Optional(Type.String({ minLength: 1, maxLength: NAME_LETTERS })) }

/** Recipes and rule are checked by their own readers, which know more than a schema. */
export const SweepRequest = Type.Object({
  ...shared, recipes: Type.Optional(Type.Array(Type.Unknown())), recipe: Type.Optional(Type.Unknown()), grid: Type.Optional(Grid), pick: Type.Optional(Type.Unknown()),
}, { additionalProperties: false })
export type SweepRequest = Static<typeof SweepRequest>

/** The same with the schemas of recipe and rule, for the documentation. */
export const SweepRequestDocument = Type.Object({
  ...shared,
  recipes: Type.Optional(Type.Array(RecipeRef, { maxItems: MAX_POINTS, description: 'a list of recipes, or `recipe` and `grid`' })),
  recipe: Type.Optional(RecipeRef),
  grid: Type.Optional(Grid),
  pick: Type.Optional(PickInput),
}, { additionalProperties: false })

export const SweepsQuery = Type.Object({
  ...page, state: Type.Optional(Type.Enum([...SWEEP_STATES])), model: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'id of a model' })),
}, { additionalProperties: false })

export const SweepQuery = Type.Object({
  ...FormatQuery.properties,
  wait: Type.Optional(Type.Number({ minimum: 0, maximum: 30, description: 'seconds to wait for the sweep to end before answering' })),
}, { additionalProperties: false })
