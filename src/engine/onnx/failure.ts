/** What onnxruntime throws, as errors with a code. */
import { EspalierError, type ErrorCode } from '../../errors.ts'

/** Its errors have no codes, only texts. */
const BY_TEXT: ReadonlyArray<readonly [pattern: RegExp, code: ErrorCode]> = [
  [/invalid (rank|dimensions) for input/i, 'shape-mismatch'],
  [/failed to allocate|bad_alloc|out of memory/i, 'limit-exceeded'],
]

/** Its messages may have many lines. */
const MAX_MESSAGE = 600

/** Where in its source it was thrown: file, line and the whole signature of a function. */
const SOURCE_PLACE = /\/onnxruntime_src\/\S+:\d+ [^\n]*?\) (?=[A-Z])/g

/** `doing`: what it could not do. `folder` is left out of the text: it is a place on this machine. */
export function onnxFailure (thrown: unknown, doing: string, folder?: string): EspalierError {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const told = folder === undefined ? text : text.replaceAll(`${folder}/`, '').replaceAll(folder, '')
  const code = BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'unsupported-layer'
  return new EspalierError(code, `onnxruntime cannot ${doing}: ${told.replaceAll(SOURCE_PLACE, '').replaceAll(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE)}`, {}, { cause: thrown })
}
