/** Quotas in the Catalog: the row of the tenant is locked while its use is counted and added to, so that requests at once cannot exceed them. */
import { EspalierError } from '../../errors.ts'
import { quotaExceeded, QUOTA_NAMES, quotasOf, type OwnQuotas, type QuotaName, type Quotas, type Usage } from '../../jobs/quotas.ts'
import { retentionOf } from '../../jobs/retention.ts'
import type { TenantAccess } from '../../jobs/tenant-ports.ts'
import { oneOf, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { tenantOf } from './rows.ts'

/** Whose job a worker has. */
export const RUNNING = oneOf(['running', 'pausing', 'cancelling'])

/** What is used of each, as a SELECT of one number. */
const USED = {
  storedBytes: (tenantId) => Prisma.sql`
    SELECT sum(bytes) FROM (
      SELECT bytes FROM models WHERE tenant_id = ${tenantId}
      UNION ALL SELECT bytes FROM datasets WHERE tenant_id = ${tenantId}
      UNION ALL SELECT bytes FROM uploads WHERE tenant_id = ${tenantId}
      UNION ALL SELECT artifacts.bytes FROM artifacts JOIN jobs ON jobs.id = artifacts.job_id WHERE jobs.tenant_id = ${tenantId}
      UNION ALL SELECT coalesce(checkpoint_bytes, 0) + coalesce(weights_bytes, 0) FROM jobs WHERE tenant_id = ${tenantId}) AS files`,
  models: (tenantId) => Prisma.sql`SELECT count(*) FROM models WHERE tenant_id = ${tenantId}`,
  datasets: (tenantId) => Prisma.sql`SELECT count(*) FROM datasets WHERE tenant_id = ${tenantId}`,
  jobsPerDay: (tenantId) => Prisma.sql`SELECT jobs_that_day FROM tenants WHERE id = ${tenantId} AND counted_on = ${TODAY}`,
  unfinishedJobs: (tenantId) => Prisma.sql`SELECT count(*) FROM jobs WHERE tenant_id = ${tenantId} AND state ${oneOf(['queued', 'running', 'pausing', 'cancelling'])}`,
  runningJobs: (tenantId) => Prisma.sql`SELECT count(*) FROM jobs WHERE tenant_id = ${tenantId} AND state ${RUNNING}`,
} as const satisfies Record<QuotaName, (tenantId: string) => Prisma.Sql>

const TODAY = Prisma.sql`(now() AT TIME ZONE 'UTC')::date`

export type Reader = Pick<Prisma.TransactionClient, '$queryRaw'>

async function usage (tx: Reader, tenantId: string, names: readonly QuotaName[]): Promise<Partial<Usage>> {
  if (names.length === 0) return {}
  const columns = names.map((name) => Prisma.sql`coalesce((${USED[name](tenantId)}), 0)::float8 AS ${Prisma.raw(`"${name}"`)}`)
  const [row] = await tx.$queryRaw<Array<Partial<Usage>>>`SELECT ${Prisma.join(columns)}`
  return row ?? {}
}

/** The limits of a tenant, which nobody else adds anything to until the transaction ends. @throws `not-found` when it was deleted */
export async function holdTenant (tx: Reader, tenantId: string, service: Quotas): Promise<Quotas> {
  const [row] = await tx.$queryRaw<Array<{ quotas: OwnQuotas | null }>>`SELECT quotas FROM tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`
  if (row === undefined) throw noSuchTenant(tenantId)
  return quotasOf(service, row.quotas)
}

export function noSuchTenant (id: string): EspalierError {
  return new EspalierError('not-found', `there is no tenant ${id}`, { id })
}

/** Is there room for so much more? Call it between `holdTenant` and the change. @throws `quota-exceeded` */
export async function demand (tx: Reader, tenantId: string, limits: Quotas, asks: Partial<Usage>): Promise<void> {
  const names = (Object.keys(asks) as QuotaName[]).filter((name) => limits[name] !== null)
  const used = await usage(tx, tenantId, names)
  for (const name of names) {
    const numbers = { used: used[name] ?? 0, allowed: limits[name] ?? Infinity, asked: asks[name] ?? 0 }
    if (numbers.used + numbers.asked > numbers.allowed) throw quotaExceeded(name, numbers)
  }
}

/** Counts jobs for the day; within the transaction that asked for them. */
export async function countJobs (tx: Pick<Prisma.TransactionClient, '$executeRaw'>, tenantId: string, jobs: number): Promise<void> {
  await tx.$executeRaw`UPDATE tenants SET ${countedFor(jobs)} WHERE id = ${tenantId}`
}

/** What a tenant's row becomes when so many jobs are counted for the day. */
export function countedFor (jobs: number): Prisma.Sql {
  return Prisma.sql`counted_on = ${TODAY}, jobs_that_day = CASE WHEN counted_on = ${TODAY} THEN jobs_that_day + ${jobs}::int ELSE ${jobs}::int END`
}

/** When a tenant may not begin this job beside those that it has running: how many those are. Its row is held. */
export async function fullFor (tx: Reader, tenantId: string, jobId: string, service: Quotas): Promise<{ used: number, allowed: number } | undefined> {
  const { runningJobs: allowed } = await holdTenant(tx, tenantId, service)
  if (allowed === null) return undefined
  const [row] = await tx.$queryRaw<Array<{ used: number }>>`SELECT count(*)::float8 AS used FROM jobs WHERE tenant_id = ${tenantId} AND state ${RUNNING} AND id <> ${jobId}`
  const used = row?.used ?? 0
  return used < allowed ? undefined : { used, allowed }
}

/** The part of the Catalog that tells what a tenant may use and uses. */
export function quotasIn ({ prisma, patiently, quotas: service, retention }: Database, tenantId: string): Pick<TenantAccess, 'standing' | 'room'> {
  async function find () {
    const row = await prisma.tenant.findUnique({ where: { id: tenantId } })
    if (row === null) throw noSuchTenant(tenantId)
    return row
  }
  return {
    async standing () {
      return await patiently(async () => {
        const tenant = tenantOf(await find())
        return { tenant, quotas: quotasOf(service, tenant.quotas), used: await usage(prisma, tenantId, QUOTA_NAMES) as Usage, retention: retentionOf(retention, tenant.retention) }
      })
    },

    async room (kind) {
      return await patiently(async () => {
        const limits = quotasOf(service, (await find()).quotas as OwnQuotas | null)
        await demand(prisma, tenantId, limits, { ...(kind !== undefined && { [kind]: 1 }), storedBytes: 1 })
        if (limits.storedBytes === null) return Infinity
        return Math.max(0, limits.storedBytes - ((await usage(prisma, tenantId, ['storedBytes'])).storedBytes ?? 0))
      })
    },
  }
}
