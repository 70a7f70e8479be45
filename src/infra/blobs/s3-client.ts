/** The client of an S3-compatible store: its time limits, what it does when the store goes away, and what its errors mean. */
import { S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import type { S3Settings } from '../../config-s3.ts'
import { EspalierError } from '../../errors.ts'
import { withPatience } from '../patience.ts'

const CONNECT_TIMEOUT_MS = 3000
/** A part goes up, or is copied within the store, well within this. */
const REQUEST_TIMEOUT_MS = 120_000
/** Tries of the SDK itself, within a second; `patience` is for longer absences. */
const TRIES = 3

const SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_STREAM_PREMATURE_CLOSE'])
const NAMES = new Set(['TimeoutError', 'RequestTimeout', 'SlowDown', 'InternalError', 'ServiceUnavailable', 'Throttling', 'ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded'])

/** Did this fail because the store could not be reached, went away in between, or asked to be left alone for now? Looks through causes. */
export function isStoreLoss (thrown: unknown, depth = 0): boolean {
  if (!(thrown instanceof Error) || depth > 6) return false
  const { code, errors } = thrown as Error & { code?: unknown, errors?: unknown }
  if (typeof code === 'string' && SYSTEM_CODES.has(code)) return true
  if (NAMES.has(thrown.name) || (statusOf(thrown) ?? 0) >= 500 || thrown.message === 'aborted' || /socket hang up|premature close/i.test(thrown.message)) return true
  if (Array.isArray(errors) && errors.some((error) => isStoreLoss(error, depth + 1))) return true
  return isStoreLoss(thrown.cause, depth + 1)
}

function statusOf (thrown: unknown): number | undefined {
  return (thrown as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}

/** Does the store say that there is no such object? */
export function isMissing (thrown: unknown): boolean {
  return thrown instanceof S3ServiceException && thrown.name !== 'NoSuchBucket' && (thrown.name === 'NoSuchKey' || thrown.name === 'NotFound' || statusOf(thrown) === 404)
}

export async function orMissing<T> (promise: Promise<T>): Promise<T | null> {
  return await promise.catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
}

export interface PatientClient { readonly client: S3Client, readonly away: string }

/** What the store refuses (no bucket, no right, wrong keys) is for whoever runs the service to mend: until then it is unavailable. */
function refused (thrown: unknown, { bucket }: S3Settings): unknown {
  if (!(thrown instanceof Error) || thrown instanceof EspalierError || isMissing(thrown)) return thrown
  const credentials = thrown.name === 'CredentialsProviderError'
  if (!credentials && !(thrown instanceof S3ServiceException && [301, 400, 401, 403, 404].includes(statusOf(thrown) ?? 0))) return thrown
  const reason = credentials ? 'there are no keys for it' : `it answers ${thrown.name}`
  return new EspalierError('unavailable', `the S3 store refuses the bucket "${bucket}": ${reason}; check ESPALIER_S3_BUCKET, ESPALIER_S3_REGION and the keys, which must allow to get, put, delete and list`, {}, { cause: thrown })
}

/** Every command is patient, for `patienceMs`. Commands throw `unavailable`, or what `isMissing` tells. */
export function createS3Client (settings: S3Settings, patienceMs: number): PatientClient {
  const { endpoint, region, credentials } = settings
  const away = `the S3 store does not answer; check that it runs and that ${endpoint === undefined ? 'it can be reached' : 'ESPALIER_S3_ENDPOINT points at it'}`
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? { followRegionRedirects: true } : { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, socketTimeout: REQUEST_TIMEOUT_MS, throwOnRequestTimeout: true },
    // Whatever is read is checked against our own checksums; those of the store are of whole objects, and some stores send them with ranges.
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const patiently = withPatience({ patienceMs, isLoss: isStoreLoss, message: away })
  client.middlewareStack.add((next) => async (args) => {
    try {
      return await patiently(async () => await next(args))
    } catch (thrown) {
      throw refused(thrown, settings)
    }
  }, { step: 'initialize', priority: 'high', name: 'patience' })
  return { client, away }
}
