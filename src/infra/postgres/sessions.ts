/** Sessions of browsers in the Catalog. What is kept of a token is its hash. */
import { MOST_SESSIONS, type SessionRow, type Tenants } from '../../jobs/tenant-ports.ts'
import type { Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './rows.ts'

/** Of `sessions` and the key of each. */
const COLUMNS = Prisma.raw('sessions.hash, sessions.tenant_id AS "tenantId", sessions.key_id AS "keyId", sessions.bound, sessions.expires_at AS "expiresAt", api_keys.hash AS "keyHash"')

/** The part of the Catalog that knows the browsers which have shown a key. */
export function sessionsIn ({ prisma, patiently, once }: Database): Pick<Tenants, 'createSession' | 'session' | 'endSession'> {
  return {
    async createSession ({ hash, tenantId, keyId, bound }, lifeMs) {
      return await once(async () => {
        // No other place needs to sweep them: rows come to be here alone.
        await prisma.$executeRaw`
          DELETE FROM sessions WHERE expires_at <= now() OR hash IN (
            SELECT hash FROM sessions WHERE tenant_id = ${tenantId} AND key_id IS NOT DISTINCT FROM ${keyId} ORDER BY created_at DESC OFFSET ${MOST_SESSIONS - 1})`
        const [row] = await prisma.$queryRaw<SessionRow[]>`
          WITH sessions AS (
            INSERT INTO sessions (hash, tenant_id, key_id, bound, expires_at)
            VALUES (${hash}, ${tenantId}, ${keyId}, ${bound}, now() + ${lifeMs}::float8 * interval '1 millisecond') RETURNING *)
          SELECT ${COLUMNS} FROM sessions LEFT JOIN api_keys ON api_keys.id = sessions.key_id`
        return row!
      })
    },

    async session (hash) {
      const [row] = await once(async () => await prisma.$queryRaw<SessionRow[]>`
        SELECT ${COLUMNS} FROM sessions LEFT JOIN api_keys ON api_keys.id = sessions.key_id WHERE sessions.hash = ${storable(hash)} AND sessions.expires_at > now()`)
      return row ?? null
    },

    async endSession (hash) {
      return await patiently(async () => await prisma.$executeRaw`DELETE FROM sessions WHERE hash = ${storable(hash)}` > 0)
    },
  }
}
