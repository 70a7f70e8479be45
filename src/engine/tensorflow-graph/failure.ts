/** What TensorFlow throws when it loads or runs a graph, as errors with a code. */
import { EspalierError, type ErrorCode } from '../../errors.ts'

/** Its errors come as texts. */
const BY_TEXT: ReadonlyArray<readonly [pattern: RegExp, code: ErrorCode]> = [
  [/OOM|out of memory|resource.?exhausted|failed to allocate/i, 'limit-exceeded'],
]

/** Its messages may have many lines. */
const MAX_MESSAGE = 600

/** `doing`: what it could not do. `folder` is left out of the text: it is a place on this machine. */
export function graphFailure (thrown: unknown, doing: string, folder?: string): EspalierError {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const told = folder === undefined ? text : text.replaceAll(`${folder}/`, '').replaceAll(folder, '')
  const code = BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'unsupported-layer'
  return new EspalierError(code, `TensorFlow cannot ${doing}: ${told.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE)}`, {}, { cause: thrown })
}
