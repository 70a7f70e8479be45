/** What the server finds wrong with a recipe, by the place that each problem names. */
import { Problem } from '../../api/problem.ts'

export interface Fault { readonly path: string, readonly message: string }

export function faultsOf (error: unknown): readonly Fault[] {
  return error instanceof Problem && error.document.code === 'invalid-recipe' ? error.document.errors ?? [] : []
}

/** What is wrong at a JSON pointer or below it; undefined when nothing is. */
export function wrongAt (faults: readonly Fault[], pointer: string): string | undefined {
  const there = faults.filter(({ path }) => path === pointer || path.startsWith(`${pointer}/`))
  return there.length === 0 ? undefined : there.map(({ message }) => message).join('; ')
}
