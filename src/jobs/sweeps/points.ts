/** The points of a sweep before there are any: every recipe of the request checked, and each told by its place. */
import { canonical } from '../../canonical.ts'
import { EspalierError } from '../../errors.ts'
import { missingData } from '../../pruning/recipe-needs.ts'
import { parseRecipe, type Recipe } from '../../pruning/recipe.ts'
import { pointsOfGrid, problemsOfGrid, sizeOf, valuesAt, type Grid } from './grid.ts'

/** A list of recipes, or one recipe and a grid. */
export interface SweepRecipes { readonly recipes?: readonly unknown[] | undefined, readonly recipe?: unknown, readonly grid?: Grid | undefined }

/** `label` names the point in messages: recipes[3], or grid point {"target.sparsity":0.9}. */
export interface PlannedPoint { readonly label: string, readonly recipe: Recipe }

/** Each is a job with its own evaluation. */
export const MAX_POINTS = 500

/** All recipes of a sweep as JSON, in bytes: checking takes time with every one. */
const MAX_RECIPE_BYTES = 16 << 20

/** Points with problems beyond this are counted, not listed. */
const MAX_LISTED = 20

interface Given { readonly label: string, readonly at: string, readonly recipe: unknown }

/**
 * All recipes, in the order of their places.
 * @throws `invalid-request` for a request that is neither a list nor a grid, for two points that are the same, and for more than 500; `invalid-recipe` naming every point that is wrong; `limit-exceeded`
 */
export function planPoints (request: SweepRecipes): PlannedPoint[] {
  const given = givenPoints(request)
  const problems: Array<{ path: string, message: string, point: string }> = []
  const points: PlannedPoint[] = []
  let wrong = 0
  for (const { label, at, recipe } of given) {
    try {
      points.push({ label, recipe: parseRecipe(recipe) })
    } catch (thrown) {
      const { code, details, message } = EspalierError.from(thrown)
      if (code !== 'invalid-recipe') throw thrown
      if (++wrong > MAX_LISTED) continue
      const listed = (details.errors ?? [{ path: '', message }]) as Array<{ path: string, message: string }>
      problems.push(...listed.slice(0, MAX_LISTED).map((problem) => ({ path: `${at}${problem.path}`, message: problem.message, point: label })))
    }
  }
  if (wrong > 0) {
    const text = problems.map(({ path, message, point }) => `${point}: ${path} ${message}`).join('; ')
    throw new EspalierError('invalid-recipe', `${text}${wrong > MAX_LISTED ? `; and ${wrong - MAX_LISTED} more points` : ''}`, { errors: problems })
  }
  refuseTwins(points)
  return points
}

/** What the grid put into the recipe of a point; nothing for a list. */
export function valuesOfPoint ({ grid }: SweepRecipes, place: number): Record<string, unknown> {
  return grid === undefined ? {} : valuesAt(grid, place)
}

/** @throws `invalid-request` naming the first point that needs data which is not there */
export function needData (points: readonly PlannedPoint[], has: { readonly dataset: boolean, readonly evaluationDataset: boolean }): void {
  for (const { label, recipe } of points) {
    const missing = missingData(recipe, has)
    if (missing !== undefined) throw new EspalierError('invalid-request', `${label}: ${missing}`, { field: 'dataset' })
  }
}

function givenPoints ({ recipes, recipe, grid }: SweepRecipes): Given[] {
  const form = 'give "recipes", a list, or "recipe" and "grid"'
  if (recipes !== undefined) {
    if (recipe !== undefined || grid !== undefined) throw invalid('/recipes', `stands beside "${recipe !== undefined ? 'recipe' : 'grid'}"; ${form}`)
    mayBe(recipes.length, '/recipes')
    mayHold(JSON.stringify(recipes).length)
    return recipes.map((item, index) => ({ label: `recipes[${index}]`, at: `/recipes/${index}`, recipe: item }))
  }
  if (recipe === undefined || grid === undefined) throw invalid(recipe === undefined ? '/recipe' : '/grid', `is needed; ${form}`)
  const errors = problemsOfGrid(grid)
  if (errors.length > 0) throw new EspalierError('invalid-request', errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors })
  mayBe(sizeOf(grid), '/grid')
  mayHold(JSON.stringify(recipe).length * sizeOf(grid))
  const points = pointsOfGrid(recipe, grid)
  mayHold(points.reduce((sum, { values }) => sum + JSON.stringify(values).length, 0))
  return points.map((point) => ({ label: `grid point ${shortened(JSON.stringify(point.values))}`, at: '/recipe', recipe: point.recipe }))
}

function refuseTwins (points: readonly PlannedPoint[]): void {
  const seen = new Map<string, string>()
  for (const { label, recipe } of points) {
    const text = canonical(recipe)
    const first = seen.get(text)
    if (first !== undefined) throw new EspalierError('invalid-request', `${label} is the same recipe as ${first} once defaults are filled in; leave one of them out`, { points: [first, label] })
    seen.set(text, label)
  }
}

function mayBe (points: number, path: string): void {
  if (points === 0) throw invalid(path, 'must have a recipe at least')
  if (points > MAX_POINTS) throw invalid(path, `makes ${points} points; a sweep has at most ${MAX_POINTS}`)
}

function mayHold (bytes: number): void {
  if (bytes > MAX_RECIPE_BYTES) throw new EspalierError('limit-exceeded', `the recipes of all points take ${bytes} bytes as JSON; a sweep has at most ${MAX_RECIPE_BYTES}`, { bytes, limit: MAX_RECIPE_BYTES })
}

function invalid (path: string, message: string): EspalierError {
  return new EspalierError('invalid-request', `${path} ${message}`, { errors: [{ path, message }] })
}

function shortened (text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}
