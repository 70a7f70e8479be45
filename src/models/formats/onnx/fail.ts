/** The errors of ONNX files. */
import { errorsOf } from '../format-errors.ts'

export const { malformed, unsupported, assertAtMost } = errorsOf('ONNX')
