/** Tenants in the Catalog, as those who run the service see them, and the secrets of the service. */
import { randomBytes } from 'node:crypto'
import { EspalierError } from '../../errors.ts'
import { SCOPE_NAMES } from '../../jobs/scopes.ts'
import { FIRST_TENANT } from '../../jobs/tenants.ts'
import type { Tenants } from '../../jobs/tenant-ports.ts'
import { asJson, TRANSACTION, type Database } from './client.ts'
import { after, pageOf } from './cursor.ts'
import { Prisma } from './generated/client.ts'
import { newId } from './ids.ts'
import { issue } from './keys.ts'
import { storable, tenantOf } from './rows.ts'

/** What belongs to a tenant and keeps it from being deleted, in the order in which it goes. */
const OWNED = ['sweeps', 'jobs', 'models', 'datasets'] as const

const SECRET_BYTES = 32

/** A name that is taken, a row that others still refer to. */
const [NOT_UNIQUE, REFERRED_TO] = ['P2002', 'P2003']

function isCode (thrown: unknown, code: string | undefined): boolean {
  return thrown instanceof Prisma.PrismaClientKnownRequestError && thrown.code === code
}

function taken (name: string): (thrown: unknown) => never {
  return (thrown) => {
    throw isCode(thrown, NOT_UNIQUE) ? new EspalierError('conflict', `there is a tenant named ${JSON.stringify(name)} already`, { name }) : thrown
  }
}

/** The part of the Catalog that keeps all tenants. */
export function tenantsIn ({ prisma, patiently, once }: Database): Pick<Tenants, 'createTenant' | 'tenant' | 'tenants' | 'changeTenant' | 'deleteTenant' | 'secret'> {
  return {
    async createTenant (name, quotas, retention = {}) {
      return await once(async () => await prisma.$transaction(async (tx) => {
        const tenant = await tx.tenant.create({ data: { id: newId('tnt'), name: storable(name), quotas: asJson(quotas), retention: asJson(retention) } })
        return { tenant: tenantOf(tenant), issued: await issue(tx, tenant.id, { name: 'first', scopes: SCOPE_NAMES, expiresAt: null }) }
      }).catch(taken(name)))
    },

    async tenant (id) {
      const row = await patiently(async () => await prisma.tenant.findUnique({ where: { id: storable(id) } }))
      return row === null ? null : tenantOf(row)
    },

    async tenants ({ limit, cursor }) {
      const orderBy = [{ createdAt: 'desc' as const }, { id: 'desc' as const }]
      return pageOf(await patiently(async () => await prisma.tenant.findMany({ where: after(cursor), orderBy, take: limit + 1 })), limit, tenantOf)
    },

    async changeTenant (idAsGiven, { name, quotas, retention }) {
      const id = storable(idAsGiven)
      return await once(async () => await prisma.$transaction(async (tx) => {
        const data = { ...(name !== undefined && { name: storable(name) }), ...(quotas !== undefined && { quotas: asJson(quotas) }), ...(retention !== undefined && { retention: asJson(retention) }) }
        const { count } = await tx.tenant.updateMany({ where: { id }, data })
        return count === 0 ? null : tenantOf(await tx.tenant.findUniqueOrThrow({ where: { id } }))
      }).catch(taken(name ?? '')))
    },

    async deleteTenant (idAsGiven, all) {
      const id = storable(idAsGiven)
      if (id === FIRST_TENANT) throw new EspalierError('conflict', 'the first tenant runs the service and stays', { id })
      return await once(async () => await prisma.$transaction(async (tx) => {
        // Held against whatever would be added meanwhile.
        const held = await tx.$queryRaw<unknown[]>`SELECT 1 FROM tenants WHERE id = ${id} FOR UPDATE`
        if (held.length === 0) return false
        for (const table of all ? OWNED : []) await tx.$executeRaw`DELETE FROM ${Prisma.raw(table)} WHERE tenant_id = ${id}`
        await tx.tenant.delete({ where: { id } })
        return true
      }, TRANSACTION).catch((thrown: unknown) => {
        if (!isCode(thrown, REFERRED_TO)) throw thrown
        throw new EspalierError('conflict', `tenant ${id} still has models, data sets or jobs; delete them first, or all of it with ?all=true`, { id })
      }))
    },

    async secret (name) {
      return await patiently(async () => {
        await prisma.secret.createMany({ data: [{ name, value: randomBytes(SECRET_BYTES) }], skipDuplicates: true })
        return (await prisma.secret.findUniqueOrThrow({ where: { name } })).value
      })
    },
  }
}
