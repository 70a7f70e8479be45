/** The errors of SavedModels. */
import { errorsOf } from '../format-errors.ts'

export const { malformed, unsupported, assertAtMost } = errorsOf('SavedModel')
