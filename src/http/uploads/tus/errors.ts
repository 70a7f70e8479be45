/** What the tus server refuses, as problems of this API. */
import { EspalierError, type ErrorCode } from '../../../errors.ts'

/** Of its own errors by status; 403 is what it calls a header that is missing. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-request', 403: 'invalid-request', 404: 'not-found', 409: 'conflict', 410: 'upload-expired', 412: 'precondition-failed', 413: 'payload-too-large', 501: 'invalid-request',
}

/** Errors of the server are plain objects with a status and a text. */
export function fromTus (thrown: unknown): unknown {
  const { status_code: status, body } = thrown as { readonly status_code?: unknown, readonly body?: unknown }
  return typeof status === 'number' && typeof body === 'string' ? refused(status, body) : thrown
}

export function refused (status: number, text: string): EspalierError {
  const said = text.trim()
  // Another version is one of the headers that it calls invalid; the protocol has a status of its own for it.
  const code = /tus-resumable/i.test(said) ? 'precondition-failed' : CODE_OF_STATUS[status]
  if (code === undefined) return new EspalierError('unavailable', `the upload is busy (${said}); try again in a moment`)
  if (code === 'precondition-failed') return new EspalierError(code, 'Tus-Resumable: must be 1.0.0')
  return new EspalierError(code, said)
}
