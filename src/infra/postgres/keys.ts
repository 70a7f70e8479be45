/** API keys in the Catalog. What is kept of a key is its hash. */
import { EspalierError } from '../../errors.ts'
import { makeKey } from '../../jobs/api-key.ts'
import type { IssuedKey, NewKey, TenantAccess, Tenants } from '../../jobs/tenant-ports.ts'
import type { Database } from './client.ts'
import { after, pageOf } from './cursor.ts'
import { Prisma } from './generated/client.ts'
import { newId } from './ids.ts'
import { keyOf, storable } from './rows.ts'

type Keys = Pick<TenantAccess, 'createKey' | 'key' | 'keys' | 'rotateKey' | 'revokeKey'>

const NEWEST_FIRST = [{ createdAt: 'desc' }, { id: 'desc' }] satisfies Array<Record<string, Prisma.SortOrder>>

/** By the database's clock. */
const VALID = Prisma.sql`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`

/** Adds a key of a tenant and tells it. */
export async function issue (tx: Pick<Prisma.TransactionClient, 'apiKey'>, tenantId: string, { name, scopes, expiresAt }: NewKey): Promise<IssuedKey> {
  const id = newId('key')
  const { key, hash, hint } = makeKey(id)
  const row = await tx.apiKey.create({ data: { id, tenantId, name: storable(name), hash, hint, scopes: [...scopes], expiresAt } })
  return { key, row: keyOf(row) }
}

/** The part of the Catalog that keeps a tenant's keys. */
export function keysIn ({ prisma, patiently, once }: Database, tenantId: string): Keys {
  return {
    async createKey (key) {
      return await once(async () => await issue(prisma, tenantId, key))
    },

    async key (id) {
      const row = await patiently(async () => await prisma.apiKey.findUnique({ where: { id: storable(id), tenantId } }))
      return row === null ? null : keyOf(row)
    },

    async keys ({ limit, cursor }) {
      const where = { tenantId, ...after(cursor) }
      return pageOf(await patiently(async () => await prisma.apiKey.findMany({ where, orderBy: NEWEST_FIRST, take: limit + 1 })), limit, keyOf)
    },

    async rotateKey (idAsGiven, graceSeconds, expiresAt) {
      const id = storable(idAsGiven)
      return await once(async () => await prisma.$transaction(async (tx) => {
        // Of two rotations at once the second finds a key that is on its way out, and goes on all the same: both have their new key.
        const ended = await tx.$executeRaw`
          UPDATE api_keys SET expires_at = least(expires_at, now() + ${graceSeconds}::float8 * interval '1 second')
          WHERE id = ${id} AND tenant_id = ${tenantId} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`
        const old = await tx.apiKey.findUnique({ where: { id, tenantId } })
        if (old === null) return null
        if (ended === 0) throw new EspalierError('conflict', `${id} was revoked or has expired; make a new key instead`, { id })
        return await issue(tx, tenantId, { ...keyOf(old), expiresAt })
      }))
    },

    async revokeKey (idAsGiven) {
      const id = storable(idAsGiven)
      return await patiently(async () => await prisma.$executeRaw`UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = ${id} AND tenant_id = ${tenantId}` > 0)
    },
  }
}

/** The part of the Catalog that finds whose a key is. */
export function keyOwnersIn ({ prisma, patiently, once }: Database): Pick<Tenants, 'keyOwner' | 'keyUsed' | 'validKeys' | 'anyKey'> {
  return {
    async keyOwner (by) {
      const where = 'hash' in by ? { hash: by.hash } : { id: storable(by.id) }
      return await once(async () => {
        const row = await prisma.apiKey.findUnique({ where })
        if (row === null) return null
        const [found] = await prisma.$queryRaw<Array<{ valid: boolean }>>`
          SELECT ${VALID} AS valid FROM api_keys WHERE id = ${row.id}`
        return { ...keyOf(row), hash: row.hash, valid: found?.valid ?? false }
      })
    },

    async keyUsed (id) {
      await patiently(async () => await prisma.$executeRaw`
        UPDATE api_keys SET last_used_at = now() WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')`)
    },

    async validKeys (ids) {
      const rows = await once(async () => await prisma.$queryRaw<Array<{ id: string }>>`
        SELECT id FROM api_keys WHERE id = ANY (${ids.map(storable)}::text[]) AND ${VALID}
        UNION ALL SELECT hash FROM sessions WHERE hash = ANY (${ids.map(storable)}::text[]) AND expires_at > now()`)
      return new Set(rows.map(({ id }) => id))
    },

    async anyKey () {
      return await patiently(async () => await prisma.apiKey.findFirst({ select: { id: true } })) !== null
    },
  }
}
