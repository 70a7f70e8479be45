/** Recipes as text: JSON or YAML, within limits that keep a small text from becoming a large value. */
import { parseDocument } from 'yaml'
import { EspalierError } from '../errors.ts'

/** A recipe has a few hundred lines at most. */
const MAX_BYTES = 256 * 1024

/** Aliases to aliases multiply ("billion laughs"); a recipe needs a few at most. */
const MAX_ALIASES = 32

/** Signs that begin or part something. A layer takes about fifteen and a recipe has at most 256; the parser compares each key and each mistake with all others. */
const MAX_SIGNS = 10_000
const SIGNS = /[,:?&*!%#"'[{\n-]/g

/** Deeper than any recipe; the parser calls itself once per level. */
const MAX_DEPTH = 64

/** More than anybody indents one level by. */
const INDENT_PER_LEVEL = 8

/** The value that `text` (JSON, or YAML 1.2, of which JSON is a part) stands for, not yet checked. Throws `invalid-recipe` with the line and column. */
export function parseRecipeText (text: string): unknown {
  const bytes = new TextEncoder().encode(text).length
  if (bytes > MAX_BYTES) throw new EspalierError('invalid-recipe', `recipe: ${bytes} bytes of text, at most ${MAX_BYTES} are read`, { bytes, limit: MAX_BYTES })
  const signs = text.match(SIGNS)?.length ?? 0
  if (signs > MAX_SIGNS) throw invalid(`${signs} signs such as commas, colons and line ends, at most ${MAX_SIGNS} are read`)
  assertFlat(text)
  const document = parsed(text)
  const [error] = [...document.errors, ...document.warnings]
  if (error !== undefined) throw invalid(error.message.replace(/\s+/g, ' ').trim())
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function parsed (text: string) {
  try {
    return parseDocument(text, { version: '1.2', schema: 'core', logLevel: 'silent', stringKeys: true })
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function invalid (text: string, cause?: unknown): EspalierError {
  return new EspalierError('invalid-recipe', `recipe: neither JSON nor YAML: ${text}`, { errors: [{ path: '', message: text }] }, { cause })
}

/** A bound from above on the nesting: brackets that are open at once, and steps of indentation or list dashes in one line. */
function assertFlat (text: string): void {
  let [open, deepest] = [0, 0]
  for (const sign of text) {
    if (sign === '[' || sign === '{') deepest = Math.max(deepest, ++open)
    else if (sign === ']' || sign === '}') open = Math.max(0, open - 1)
  }
  for (const line of text.split('\n')) {
    const start = /^[\s\-?:]*/.exec(line)![0]
    deepest = Math.max(deepest, start.replace(/\s/g, '').length, start.length / INDENT_PER_LEVEL)
  }
  if (deepest > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH} levels`)
}
