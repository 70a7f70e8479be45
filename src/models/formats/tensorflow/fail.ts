/** Why a graph is not run: caught where the model is read, which then is one of weights alone. */
import { EspalierError } from '../../../errors.ts'

export function notRun (why: string): EspalierError {
  return new EspalierError('unsupported-layer', why)
}

/** As it stands in messages: names come from the file. */
export function named (name: string): string {
  return name.length > 120 ? `${name.slice(0, 117)}...` : name
}
