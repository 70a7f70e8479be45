/** Errors about messages of protobuf; the place is named by whoever walks them. */
import { EspalierError, type ErrorDetails } from '../../../errors.ts'

export function malformed (text: string, details: ErrorDetails = {}): EspalierError {
  return new EspalierError('invalid-model', text, details)
}
