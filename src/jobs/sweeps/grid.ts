/** A grid of recipes: one recipe, and values that take places in it, in every combination. */
import { EspalierError } from '../../errors.ts'

/** By dotted path into the recipe (`target.sparsity`, `layers.0.skip`): the values that stand there in turn. */
export type Grid = Readonly<Record<string, readonly unknown[]>>

export interface GridPoint { readonly values: Readonly<Record<string, unknown>>, readonly recipe: unknown }

/** A recipe has fewer levels, and more axes would have one value each. */
const MAX_PARTS = 8
const MAX_AXES = 16
const MAX_PATH_LETTERS = 200

/** Names that reach out of the recipe, into what all objects share. */
const FORBIDDEN = new Set(['__proto__', 'prototype', 'constructor'])

/** How many points the grid has. */
export function sizeOf (grid: Grid): number {
  return Object.values(grid).reduce((product, values) => product * values.length, 1)
}

/** The values of one point, counted from 0; the last axis changes with every point. */
export function valuesAt (grid: Grid, place: number): Record<string, unknown> {
  const chosen: Array<[string, unknown]> = []
  let rest = place
  for (const [path, values] of Object.entries(grid).reverse()) {
    chosen.unshift([path, values[rest % values.length]])
    rest = Math.floor(rest / values.length)
  }
  return Object.fromEntries(chosen)
}

/** All problems of the grid's form, each with its place. */
export function problemsOfGrid (grid: Grid): Array<{ path: string, message: string }> {
  const paths = Object.keys(grid)
  if (paths.length === 0) return [{ path: '/grid', message: 'must have a path at least, such as "target.sparsity"' }]
  if (paths.length > MAX_AXES) return [{ path: '/grid', message: `must have at most ${MAX_AXES} paths, not ${paths.length}` }]
  return paths.flatMap((path) => {
    const at = `/grid/${path.slice(0, MAX_PATH_LETTERS)}`
    const parts = path.split('.')
    if (path.length > MAX_PATH_LETTERS || parts.length > MAX_PARTS) return [{ path: at, message: `must have at most ${MAX_PARTS} parts and ${MAX_PATH_LETTERS} letters` }]
    if (parts.some((part) => part === '' || FORBIDDEN.has(part))) return [{ path: at, message: 'must be names of keys with a dot between them, such as "target.sparsity"' }]
    if (grid[path]!.length === 0) return [{ path: at, message: 'must have a value at least' }]
    const outer = paths.find((other) => path.startsWith(`${other}.`))
    return outer === undefined ? [] : [{ path: at, message: `lies within "${outer}", which the grid replaces as a whole; give one of the two` }]
  })
}

/** The points of a grid without problems. Throws `invalid-request` where a path leads through something that has no keys. */
export function pointsOfGrid (recipe: unknown, grid: Grid): GridPoint[] {
  return Array.from({ length: sizeOf(grid) }, (_, place) => {
    const values = valuesAt(grid, place)
    return { values, recipe: Object.entries(values).reduce((whole, [path, value]) => replaced(whole, path.split('.'), value, path), recipe) }
  })
}

/** A copy of `whole` in which `value` stands at the path; everything beside the path is shared. */
function replaced (whole: unknown, [key, ...rest]: readonly string[], value: unknown, path: string): unknown {
  if (key === undefined) return value
  if (Array.isArray(whole)) {
    if (!/^\d{1,4}$/.test(key) || Number(key) >= whole.length) {
      throw new EspalierError('invalid-request', `grid: "${path}" asks for item ${key} of a list with ${whole.length} items; they are counted from 0`, { errors: [{ path: `/grid/${path}`, message: `there is no item ${key}` }] })
    }
    return whole.map((item: unknown, index) => index === Number(key) ? replaced(item, rest, value, path) : item)
  }
  if (whole !== undefined && (typeof whole !== 'object' || whole === null)) {
    throw new EspalierError('invalid-request', `grid: "${path}" leads through ${JSON.stringify(whole)}, which has no key "${key}"`, { errors: [{ path: `/grid/${path}`, message: `leads through ${JSON.stringify(whole)}` }] })
  }
  const object = (whole ?? {}) as Record<string, unknown>
  return { ...object, [key]: replaced(Object.hasOwn(object, key) ? object[key] : undefined, rest, value, path) }
}
