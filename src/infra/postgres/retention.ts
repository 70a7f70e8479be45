/** Removes what a tenant has kept for as long as it is to be kept, some rows in each transaction, with a line in the record for each. */
import { RETENTION_ACTOR, RETENTION_NAMES, retentionOf, type OwnRetention, type Retention, type RetentionName } from '../../jobs/retention.ts'
import { ENDED_SWEEPS } from '../../jobs/sweeps/states.ts'
import { ENDED } from '../../jobs/states.ts'
import type { Catalog } from '../../jobs/ports.ts'
import type { TenantAccess } from '../../jobs/tenant-ports.ts'
import { oneOf, TRANSACTION, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { noSuchTenant } from './quotas.ts'
import { oneOfSweeps } from './sweep-result.ts'

/** Rows that one transaction removes. */
const AT_ONCE = 100

interface Due { readonly action: string, remove (tx: Prisma.TransactionClient, tenantId: string, days: number): Promise<string[]> }

const idsOf = (rows: ReadonlyArray<{ readonly id: string }>): string[] => rows.map(({ id }) => id)
const dueSince = (column: string, days: number): Prisma.Sql => Prisma.sql`${Prisma.raw(column)} <= now() - ${days}::float8 * interval '1 day'`

/** Files that no job refers to. The rows are held first, so that no job that needs one can be created in between; then the jobs that are there by then are looked at. */
function unusedFiles (table: 'models' | 'datasets', columns: readonly string[], action: string): Due {
  const name = Prisma.raw(table)
  const unused = Prisma.raw(['jobs', 'sweeps'].map((users) => `NOT EXISTS (SELECT 1 FROM ${users} WHERE ${columns.map((column) => `${users}.${column} = ${table}.id`).join(' OR ')})`).join(' AND '))
  return {
    action,
    async remove (tx, tenantId, days) {
      const held = idsOf(await tx.$queryRaw<Array<{ id: string }>>`
        SELECT id FROM ${name} WHERE tenant_id = ${tenantId} AND ${dueSince('created_at', days)} AND ${unused} ORDER BY created_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`)
      return idsOf(await tx.$queryRaw<Array<{ id: string }>>`DELETE FROM ${name} WHERE id = ANY(${held}) AND ${unused} RETURNING id`)
    },
  }
}

/** By name of the retention: what goes, in order. */
const DUE = {
  artifacts: [{
    action: 'expireArtifacts',
    async remove (tx, tenantId, days) {
      const jobs = idsOf(await tx.$queryRaw<Array<{ id: string }>>`
        SELECT id FROM jobs WHERE tenant_id = ${tenantId} AND state ${oneOf(ENDED)} AND ${dueSince('finished_at', days)} AND EXISTS (SELECT 1 FROM artifacts WHERE job_id = jobs.id)
        ORDER BY finished_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`)
      await tx.$executeRaw`DELETE FROM artifacts WHERE job_id = ANY(${jobs})`
      return jobs
    },
  }],
  checkpoints: [{
    action: 'expireCheckpoint',
    async remove (tx, tenantId, days) {
      return idsOf(await tx.$queryRaw<Array<{ id: string }>>`
        UPDATE jobs SET checkpoint_sha256 = NULL, checkpoint_bytes = NULL, checkpoint_at = NULL WHERE id IN (
          SELECT id FROM jobs WHERE tenant_id = ${tenantId} AND state ${oneOf(ENDED)} AND ${dueSince('finished_at', days)} AND checkpoint_sha256 IS NOT NULL
          ORDER BY finished_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED) RETURNING id`)
    },
  }],
  jobs: [{
    action: 'expireSweep',
    async remove (tx, tenantId, days) {
      return idsOf(await tx.$queryRaw<Array<{ id: string }>>`
        DELETE FROM sweeps WHERE id IN (
          SELECT id FROM sweeps WHERE tenant_id = ${tenantId} AND state ${oneOfSweeps(ENDED_SWEEPS)} AND ${dueSince('finished_at', days)} ORDER BY finished_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id`)
    },
  }, {
    action: 'expireJob',
    async remove (tx, tenantId, days) {
      return idsOf(await tx.$queryRaw<Array<{ id: string }>>`
        DELETE FROM jobs WHERE id IN (
          SELECT id FROM jobs WHERE tenant_id = ${tenantId} AND state ${oneOf(ENDED)} AND sweep_id IS NULL AND ${dueSince('finished_at', days)} ORDER BY finished_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
        RETURNING id`)
    },
  }],
  models: [unusedFiles('models', ['model_id'], 'expireModel')],
  datasets: [unusedFiles('datasets', ['dataset_id', 'evaluation_dataset_id'], 'expireDataset')],
} as const satisfies Record<RetentionName, readonly Due[]>

/** The part of the Catalog that removes what is due, of all tenants. */
export function retentionIn ({ prisma, patiently, retention: service }: Database): Pick<Catalog, 'sweepKept'> {
  async function removeSome (tenantId: string, { action, remove }: Due, days: number): Promise<number> {
    return await patiently(async () => await prisma.$transaction(async (tx) => {
      const gone = await remove(tx, tenantId, days)
      await tx.auditEntry.createMany({ data: gone.map((target) => ({ tenantId, actor: RETENTION_ACTOR, action, target, status: 204, requestId: '', details: { days } })) })
      return gone.length
    }, TRANSACTION))
  }

  return {
    async sweepKept () {
      let removed = 0
      for (const { id, retention } of await patiently(async () => await prisma.tenant.findMany({ select: { id: true, retention: true } }))) {
        const days = retentionOf(service, retention as OwnRetention | null)
        for (const name of RETENTION_NAMES) {
          for (const due of days[name] === null ? [] : DUE[name]) for (let some = 1; some > 0; removed += some) some = await removeSome(id, due, days[name]!)
        }
      }
      return removed
    },
  }
}

/** The part of the Catalog that tells how long a tenant's things are kept. */
export function keptIn ({ prisma, patiently, retention: service }: Database, tenantId: string): Pick<TenantAccess, 'retention'> {
  return {
    async retention (): Promise<Retention> {
      const row = await patiently(async () => await prisma.tenant.findUnique({ where: { id: tenantId }, select: { retention: true } }))
      if (row === null) throw noSuchTenant(tenantId)
      return retentionOf(service, row.retention as OwnRetention | null)
    },
  }
}
