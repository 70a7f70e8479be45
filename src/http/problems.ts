/** Errors as RFC 9457 problem documents: the one place that decides the HTTP status of a code. */
import { ERROR_CODES, EspalierError, type ErrorCode } from '../errors.ts'

/** A code without a status is a type error here. */
export const STATUS_OF_CODE = {
  'invalid-request': 400,
  'invalid-recipe': 422,
  'invalid-model': 422,
  'invalid-dataset': 422,
  'unsupported-format': 422,
  'unsupported-layer': 422,
  'limit-exceeded': 422,
  'shape-mismatch': 422,
  'nothing-pruned': 422,
  'target-missed': 422,
  'training-diverged': 422,
  'verification-failed': 500,
  'engine-crashed': 500,
  'engine-unavailable': 503,
  'attempts-exhausted': 500,
  'job-cancelled': 409,
  'job-paused': 409,
  'not-found': 404,
  conflict: 409,
  'still-running': 409,
  'idempotency-mismatch': 422,
  'too-many-streams': 503,
  unauthorized: 401,
  forbidden: 403,
  'quota-exceeded': 403,
  'rate-limited': 429,
  'upload-expired': 410,
  'precondition-failed': 412,
  'payload-too-large': 413,
  'method-not-allowed': 405,
  'range-not-satisfiable': 416,
  'unsupported-media-type': 415,
  'setup-failed': 500,
  'invalid-configuration': 500,
  'storage-full': 507,
  'blob-damaged': 500,
  unavailable: 503,
  'invalid-step': 500,
  internal: 500,
} as const satisfies Record<ErrorCode, number>

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** One place in the request that is wrong. */
export interface FieldError { readonly path: string, readonly message: string }

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: ErrorCode
  readonly requestId: string
  readonly [extension: string]: unknown
}

const RESERVED = new Set(['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'])

/** The document for an error. Of an `internal` one nothing but the request id is told: the rest is in the log. */
export function toProblem (error: EspalierError, where: { path: string, requestId: string }): Problem {
  const internal = error.code === 'internal'
  const extensions = internal ? [] : Object.entries(error.details).filter(([key]) => !RESERVED.has(key))
  return {
    type: `urn:espalier:problem:${error.code}`,
    title: ERROR_CODES[error.code],
    status: STATUS_OF_CODE[error.code],
    detail: internal ? `an unexpected error; the server's log has it under request ${where.requestId}` : error.message,
    instance: where.path,
    code: error.code,
    requestId: where.requestId,
    ...Object.fromEntries(extensions),
  }
}
