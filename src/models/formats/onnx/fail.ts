/** Errors about ONNX files: one wording for what is malformed, what is too much and what is not read. */
import { EspalierError, type ErrorDetails } from '../../../errors.ts'

export function malformed (text: string, details: ErrorDetails = {}): EspalierError {
  return new EspalierError('invalid-model', `ONNX: ${text}`, details)
}

/** Throws `limit-exceeded` when there are more than `limit` of `what`. */
export function assertAtMost (found: number, limit: number, what: string): void {
  if (found > limit) throw new EspalierError('limit-exceeded', `ONNX: more than ${limit} ${what}`, { limit, found })
}

export function unsupported (text: string, details: ErrorDetails = {}): EspalierError {
  return new EspalierError('unsupported-format', `ONNX: ${text}`, details)
}
