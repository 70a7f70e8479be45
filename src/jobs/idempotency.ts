/** Answers that are kept, so that a request which comes again is not done twice. */

export interface StoredAnswer { readonly status: number, readonly headers: Readonly<Record<string, string>>, readonly body: string, /** It tells a secret: it is encrypted while it is kept. */ readonly secret?: true }
export type IdempotencyResult =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'running' }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'done', readonly answer: StoredAnswer }

/** Answers that are kept for requests which come again. A scope names a tenant and a route. */
export interface IdempotencyKeys {
  /** Reserves a key: `fresh`, or what was stored under it. A reservation older than 5 minutes without answer may be taken over. */
  reserveIdempotency (scope: string, key: string, fingerprint: string): Promise<IdempotencyResult>
  completeIdempotency (scope: string, key: string, answer: StoredAnswer): Promise<void>
  releaseIdempotency (scope: string, key: string): Promise<void>
}
