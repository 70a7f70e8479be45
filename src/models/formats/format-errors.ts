/** The errors of a format of several files: one wording for what is malformed, what is not read, and what is too much. */
import { EspalierError, type ErrorDetails } from '../../errors.ts'

/** Errors whose messages begin with the name of the format. */
export function errorsOf (format: string) {
  return {
    malformed: (text: string, details: ErrorDetails = {}) => new EspalierError('invalid-model', `${format}: ${text}`, details),
    unsupported: (text: string, details: ErrorDetails = {}) => new EspalierError('unsupported-format', `${format}: ${text}`, details),
    /** Throws `limit-exceeded` when there are more than `limit` of `what`. */
    assertAtMost (found: number, limit: number, what: string): void {
      if (found > limit) throw new EspalierError('limit-exceeded', `${format}: more than ${limit} ${what}`, { limit, found })
    },
  }
}
