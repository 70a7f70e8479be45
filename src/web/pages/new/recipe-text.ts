/** A recipe as text, in both of its forms, and back. */
import { parse } from 'yaml'
import { isRecord } from '../../format/recipe.ts'
import { toYaml } from '../../format/yaml.ts'
import type { Draft } from './draft.ts'

export const FORMS = ['json', 'yaml'] as const
export type RecipeForm = typeof FORMS[number]

/** What a long line of the text may have. */
const LINE = 60

export function textOf (draft: Draft, form: RecipeForm): string {
  if (form === 'yaml') return toYaml(draft)
  const short = JSON.stringify(draft)
  return short.length <= LINE ? short : JSON.stringify(draft, null, 2)
}

/** @throws Error that says what is wrong and where */
export function draftOf (text: string, form: RecipeForm): Draft {
  const value: unknown = form === 'yaml' ? parse(text) : JSON.parse(text)
  if (!isRecord(value)) throw new Error('A recipe is an object with keys, such as method and target')
  return value
}
