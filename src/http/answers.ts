/** Answers to POST requests: the same Idempotency-Key gets the same answer, and the work is done once. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { canonical } from '../canonical.ts'
import { EspalierError } from '../errors.ts'
import type { IdempotencyKeys, StoredAnswer } from '../jobs/ports.ts'
import { withIdempotency } from '../jobs/use-cases/idempotency.ts'
import type { FewAtOnce } from './few-at-once.ts'
import { tenantOf } from './principal.ts'

/** What a POST is answered with. */
export interface Answer { readonly status: number, readonly location?: string, readonly body: unknown, /** Does it tell a secret? */ readonly secret?: true }

export interface AnswerOptions {
  /** Runs the work, with what is kept of it, when there is room for it. */
  readonly few?: FewAtOnce
  /** May tell more than the answer that is kept, at the first time and at later ones. */
  readonly last?: (answer: StoredAnswer) => Promise<StoredAnswer>
}

const atOnce: FewAtOnce = async (work) => await work()
const unchanged = async (answer: StoredAnswer): Promise<StoredAnswer> => answer

/**
 * Does `work` and sends its answer. With an Idempotency-Key header: the first request with that key works, later ones with the same
 * `fingerprint` are sent the stored answer. Throws `idempotency-mismatch` for another fingerprint and `still-running` while the first is at it.
 * A request that failed has had no effect and frees its key.
 */
export async function answerOnce (
  request: FastifyRequest, reply: FastifyReply, catalog: IdempotencyKeys, fingerprint: string, work: () => Promise<Answer>, { few = atOnce, last = unchanged }: AnswerOptions = {}
): Promise<FastifyReply> {
  const key = idempotencyKey(request)
  if (key === undefined) return send(reply, await last(stored(await few(work))))
  // The keys of two tenants do not meet.
  const scope = `${tenantOf(request)} ${request.method} ${request.routeOptions.url ?? request.url}`
  // What stands behind a question mark says how long to wait, not what to do.
  const identity = { scope, key, fingerprint: sha256(`${request.url.split('?')[0]}\n${fingerprint}`) }
  const { replayed, ...answer } = await few(async () => await withIdempotency(catalog, identity, async () => stored(await work())))
  if (replayed) reply.header('idempotency-replayed', 'true')
  return send(reply, await last(answer))
}

/** The key of a request, checked. Call it before reading a body, so that a wrong key is told early. */
export function idempotencyKey (request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new EspalierError('invalid-request', 'Idempotency-Key: must be 1 to 255 printable ASCII characters without spaces')
  }
  return key
}

/** For requests whose answer tells a secret: it cannot be kept to be told again. */
export function refuseIdempotencyKey (request: FastifyRequest): void {
  if (request.headers['idempotency-key'] === undefined) return
  throw new EspalierError('invalid-request', 'Idempotency-Key: is not taken here, as the answer has a secret that is not kept; leave it out')
}

/** The same for equal JSON values, whatever the order of their keys. */
export function fingerprintOf (value: unknown): string {
  return sha256(canonical(value))
}

function stored (answer: Answer): StoredAnswer {
  const headers = { 'content-type': 'application/json; charset=utf-8', ...(answer.location !== undefined && { location: answer.location }) }
  return { status: answer.status, headers, body: JSON.stringify(answer.body), ...(answer.secret && { secret: answer.secret }) }
}

function send (reply: FastifyReply, answer: StoredAnswer): FastifyReply {
  // Bytes, so that the stored text is sent as it is and not serialized again.
  return reply.code(answer.status).headers({ ...answer.headers }).send(Buffer.from(answer.body))
}

function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
