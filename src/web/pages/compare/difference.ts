/** Where recipes differ: every path in any of them, with what stands there in each. */
import { isRecord } from '../../format/recipe.ts'

export interface RecipeRow {
  /** Keys with dots between them. */
  readonly path: string
  /** By recipe, as text; empty where it has nothing there. */
  readonly values: readonly string[]
  readonly differs: boolean
}

export function recipeRows (recipes: readonly unknown[]): RecipeRow[] {
  const flat = recipes.map((recipe) => new Map(leavesOf(recipe, '')))
  const paths = [...new Set(flat.flatMap((leaves) => [...leaves.keys()]))]
  return paths.map((path) => {
    const values = flat.map((leaves) => leaves.get(path) ?? '')
    return { path, values, differs: new Set(values).size > 1 }
  })
}

function leavesOf (value: unknown, path: string): Array<[string, string]> {
  if (!isRecord(value) || Object.keys(value).length === 0) return [[path, typeof value === 'string' ? value : JSON.stringify(value)]]
  return Object.entries(value).flatMap(([key, part]) => leavesOf(part, path === '' ? key : `${path}.${key}`))
}
