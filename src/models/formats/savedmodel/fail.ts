/** The errors of SavedModels: what is malformed, and what is not read. */
import { EspalierError, type ErrorDetails } from '../../../errors.ts'

export function malformed (text: string, details: ErrorDetails = {}): EspalierError {
  return new EspalierError('invalid-model', `SavedModel: ${text}`, details)
}

export function unsupported (text: string, details: ErrorDetails = {}): EspalierError {
  return new EspalierError('unsupported-format', `SavedModel: ${text}`, details)
}

export function assertAtMost (limit: number, found: number, what: string): void {
  if (found > limit) throw new EspalierError('limit-exceeded', `SavedModel: ${found} ${what}, at most ${limit} are read`, { limit, found })
}
