/** The one error class of Espalier and the table of its stable codes. */

/** Stable codes. A client may rely on a code; the wording of messages may change. */
export const ERROR_CODES = {
  'invalid-request': 'The request is not of the form the API takes',
  'invalid-recipe': 'The recipe is not valid',
  'invalid-model': 'The model file cannot be read',
  'invalid-dataset': 'The data set file cannot be read',
  'unsupported-format': 'The format is not one that is read or written here',
  'unsupported-layer': 'A layer cannot be run here',
  'limit-exceeded': 'A limit was exceeded',
  'shape-mismatch': 'Shapes do not fit together',
  'nothing-pruned': 'The job would change nothing',
  'target-missed': 'The target was not reached',
  'training-diverged': 'Training lost the model: its loss is not a finite number',
  'verification-failed': 'An output file did not read back as it was written',
  'engine-crashed': 'The engine process ended unexpectedly',
  'engine-unavailable': 'TensorFlow cannot be used',
  'attempts-exhausted': 'The job was started too often without an end',
  'invalid-step': 'A training step cannot be compiled',
  'job-cancelled': 'The job was cancelled',
  'job-paused': 'The job was paused',
  'not-found': 'There is no such thing',
  conflict: 'The state does not allow this',
  'still-running': 'The same request is still being answered',
  'idempotency-mismatch': 'The Idempotency-Key was used before with another request',
  'too-many-streams': 'More streams are not kept open here',
  unauthorized: 'An API key is needed',
  forbidden: 'The API key may not do this',
  'quota-exceeded': 'A quota of the tenant is used up',
  'rate-limited': 'Too many requests in too short a time',
  'upload-expired': 'The upload was not finished in time',
  'precondition-failed': 'The version of a protocol is missing or not one that is spoken here',
  'payload-too-large': 'The upload is larger than allowed',
  'method-not-allowed': 'The address does not take this method',
  'range-not-satisfiable': 'The range lies outside of the file',
  'unsupported-media-type': 'The content type is not one this route takes',
  'setup-failed': 'Something that is needed could not be installed',
  'invalid-configuration': 'The environment is not valid',
  'storage-full': 'There is no room to store this',
  'blob-damaged': 'A stored file is damaged',
  unavailable: 'A service that is needed does not answer',
  internal: 'Something went wrong that should not have',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** What an error carries besides its text: numbers, names and places, as JSON. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** The form in which an error crosses a process border or is stored with a job. */
export interface ErrorRecord { code: ErrorCode, message: string, details?: ErrorDetails }

/** Every expected failure. `message` names what, where, and what would be right. */
export class EspalierError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor (code: ErrorCode, message: string, details: ErrorDetails = {}, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'EspalierError'
    this.code = code
    this.details = details
  }

  toRecord (): ErrorRecord {
    return { code: this.code, message: this.message, ...(Object.keys(this.details).length > 0 && { details: this.details }) }
  }

  static fromRecord (record: ErrorRecord): EspalierError {
    return new EspalierError(record.code, record.message, record.details ?? {})
  }

  /** Anything thrown, as an EspalierError: an unexpected one becomes `internal` and keeps its cause. */
  static from (thrown: unknown, code: ErrorCode = 'internal'): EspalierError {
    if (thrown instanceof EspalierError) return thrown
    if (isOutOfRoom(thrown)) return new EspalierError('storage-full', 'no space is left on the disk; free some, and send the request or retry the job again', {}, { cause: thrown })
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    return new EspalierError(code, text, {}, { cause: thrown })
  }
}

/** Of the system (disk or quota), or Postgres' own. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', '53100'])

/** Did this fail because a disk is full? Looks through causes, as libraries wrap what they throw. */
function isOutOfRoom (thrown: unknown): boolean {
  for (let error = thrown, depth = 0; typeof error === 'object' && error !== null && depth < 6; depth++) {
    const { code, originalCode, cause, meta } = error as { code?: unknown, originalCode?: unknown, cause?: unknown, meta?: { driverAdapterError?: unknown } | null }
    if ([code, originalCode].some((known) => typeof known === 'string' && NO_ROOM.has(known))) return true
    error = meta?.driverAdapterError ?? cause
  }
  return false
}
