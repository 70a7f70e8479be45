/** Sessions of browsers: made from a key, found by their cookie, remembered for seconds, valid for as long as the key is. */
import { createHmac } from 'node:crypto'
import { hashOfKey } from '../../jobs/api-key.ts'
import type { SessionRow, Tenants } from '../../jobs/tenant-ports.ts'
import { ENVIRONMENT, firstTenant, type Principal } from '../principal.ts'
import type { Keyring } from './keyring.ts'
import { sameHash } from './same-hash.ts'
import { createMemory } from './memory.ts'
import { csrfOf, makeToken } from './session-cookie.ts'

const HOUR_MS = 3_600_000
const LIFE_MS = 12 * HOUR_MS
const REMEMBERED_LIFE_MS = 30 * 24 * HOUR_MS

/** What the browser is told once: the cookie's token. */
export interface MadeSession { readonly token: string, readonly csrfToken: string, readonly expiresAt: Date }

export interface Sessions {
  /** For whoever showed a key. `remember`: 30 days instead of 12 hours. */
  make (principal: Principal, remember: boolean): Promise<MadeSession>
  /** Null for a token of none, or of one that has ended. @throws `unavailable` */
  principalOf (token: string): Promise<Principal | null>
  /** Here at once, in other processes within seconds. */
  end (hash: string): Promise<void>
}

export interface SessionOptions {
  readonly catalog: Pick<Tenants, 'createSession' | 'session' | 'endSession'>
  readonly keyring: Pick<Keyring, 'findHash'>
  readonly apiKey: string | undefined
}

export function createSessions ({ catalog, keyring, apiKey }: SessionOptions, now: () => number = Date.now): Sessions {
  const memory = createMemory<SessionRow | null>(now)

  async function keeper ({ keyHash, bound }: SessionRow, token: string): Promise<Principal | null> {
    if (keyHash === null) return apiKey !== undefined && bound !== null && sameHash(bound, boundTo(apiKey, token)) ? firstTenant(ENVIRONMENT) : null
    const owner = await keyring.findHash(keyHash)
    return owner?.valid === true ? { tenant: owner.tenantId, key: owner.id, actor: owner.id, scopes: owner.scopes } : null
  }

  return {
    async make ({ tenant: tenantId, key: keyId }, remember) {
      const token = makeToken()
      // With another ESPALIER_API_KEY the sessions of the last one end.
      const bound = keyId === null && apiKey !== undefined ? boundTo(apiKey, token) : null
      const { expiresAt } = await catalog.createSession({ hash: hashOfKey(token), tenantId, keyId, bound }, remember ? REMEMBERED_LIFE_MS : LIFE_MS)
      return { token, csrfToken: csrfOf(token), expiresAt }
    },

    async principalOf (token) {
      const hash = hashOfKey(token)
      const row = await memory.get(hash, async () => await catalog.session(hash))
      if (row === null || !sameHash(row.hash, hash) || row.expiresAt.getTime() <= now()) return null
      const principal = await keeper(row, token)
      return principal && { ...principal, session: { hash, csrfToken: csrfOf(token), expiresAt: row.expiresAt } }
    },

    async end (hash) {
      await catalog.endSession(hash)
      memory.forget()
    },
  }
}

/** In hex. Whoever reads the table cannot try keys on it: the token is not there. */
function boundTo (apiKey: string, token: string): string {
  return createHmac('sha256', token).update(apiKey).digest('hex')
}
