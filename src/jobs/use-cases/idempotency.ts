/** Answers a repeated request with the first one's answer. */
import { EspalierError } from '../../errors.ts'
import type { IdempotencyKeys, StoredAnswer } from '../ports.ts'

export interface IdempotentRequest {
  /** Tenant and route: keys of different scopes do not meet. */
  readonly scope: string
  /** The Idempotency-Key of the client. */
  readonly key: string
  /** What makes the request what it is: a hash of its body, of its parts' sha256. */
  readonly fingerprint: string
}

/**
 * Does `work` once per key and gives its answer to every repetition. When `work` throws nothing is kept and the key may be used again.
 * @throws `idempotency-mismatch` when the key came with another request, `still-running` while the first is being answered
 */
export async function withIdempotency (catalog: IdempotencyKeys, { scope, key, fingerprint }: IdempotentRequest, work: () => Promise<StoredAnswer>): Promise<StoredAnswer & { replayed: boolean }> {
  const reserved = await catalog.reserveIdempotency(scope, key, fingerprint)
  switch (reserved.kind) {
    case 'done':
      return { ...reserved.answer, replayed: true }
    case 'running':
      throw new EspalierError('still-running', `the request with Idempotency-Key ${key} is still being answered; ask again shortly`, { key })
    case 'mismatch':
      throw new EspalierError('idempotency-mismatch', `Idempotency-Key ${key} was used before with another request; use a new key for a new request`, { key })
    case 'fresh': {
      const answer = await work().catch(async (thrown: unknown) => {
        await inTheEnd(async () => { await catalog.releaseIdempotency(scope, key) })
        throw thrown
      })
      // The work is done and this is its answer, even if it cannot be kept for a repetition.
      await inTheEnd(async () => { await catalog.completeIdempotency(scope, key, answer) })
      return { ...answer, replayed: false }
    }
  }
}

/** Between tries to note what became of a request, and for how long; a reservation that is older may be another's. */
const AGAIN_MS = 1000
const TRIED_FOR_MS = 240_000

/** Tried once while the client waits, and then beside everything else: a database that is away for a moment must not leave a key unanswered, which would be taken for running. */
async function inTheEnd (note: () => Promise<void>): Promise<void> {
  const until = Date.now() + TRIED_FOR_MS
  const again = async (): Promise<void> => {
    while (Date.now() < until) {
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS).unref() })
      if (await note().then(() => true, () => false)) return
    }
  }
  await note().catch(() => { void again() })
}
