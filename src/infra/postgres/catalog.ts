/** The Catalog port on Postgres. */
import type { Catalog, TenantCatalog } from '../../jobs/ports.ts'
import { auditIn, notesIn } from './audit.ts'
import { openDatabase, type Database, type DatabaseOptions } from './client.ts'
import { blobUseIn } from './blob-use.ts'
import { filesIn } from './files.ts'
import { idempotencyIn } from './idempotency.ts'
import { allJobsIn, jobsIn } from './jobs.ts'
import { keyOwnersIn, keysIn } from './keys.ts'
import { metricsIn, seriesIn } from './metrics.ts'
import { outboxIn } from './outbox.ts'
import { positionsIn } from './position.ts'
import { eventOrderIn } from './event-order.ts'
import { allSweepsIn, sweepsIn } from './sweeps.ts'
import { quotasIn } from './quotas.ts'
import { keptIn, retentionIn } from './retention.ts'
import { storable } from './rows.ts'
import { sessionsIn } from './sessions.ts'
import { tenantsIn } from './tenants.ts'
import { allUploadsIn, uploadsIn } from './uploads.ts'
import { transitionsIn } from './transitions.ts'
import { watchingIn } from './watching.ts'
import { webhooksIn } from './webhooks.ts'
import { wholeJobsIn } from './whole-jobs.ts'
import { wishesIn } from './wishes.ts'
import { fleetIn, workersIn } from './workers.ts'

/** Of tenants that are asked for the parts are kept; they are made anew at no great cost. */
const MOST_TENANTS = 1000

/**
 * A Catalog in the database at `databaseUrl`, whose migrations are applied. Connects when first used.
 * With `patience` (milliseconds) what may be repeated waits that long for a Postgres that went away; else it fails fast.
 * @throws `unavailable` from every method when Postgres cannot be reached
 */
export function createCatalog (databaseUrl: string, options: DatabaseOptions = {}): Catalog {
  const database = openDatabase(databaseUrl, options)
  const tenants = new Map<string, TenantCatalog>()
  return {
    of (tenant) {
      const known = tenants.get(tenant)
      if (known !== undefined) return known
      if (tenants.size >= MOST_TENANTS) tenants.clear()
      const made = tenantIn(database, storable(tenant))
      tenants.set(tenant, made)
      return made
    },
    ...allJobsIn(database),
    ...allSweepsIn(database),
    ...allUploadsIn(database),
    ...retentionIn(database),
    ...blobUseIn(database),
    ...transitionsIn(database),
    ...metricsIn(database),
    ...idempotencyIn(database),
    ...eventOrderIn(database),
    ...outboxIn(database),
    ...workersIn(database),
    ...tenantsIn(database),
    ...keyOwnersIn(database),
    ...sessionsIn(database),
    ...notesIn(database),
    async ping () {
      await database.once(async () => await database.prisma.$queryRaw`SELECT 1`)
    },
    async close () {
      await database.prisma.$disconnect()
    },
  }
}

function tenantIn (database: Database, tenant: string): TenantCatalog {
  return { ...filesIn(database, tenant), ...jobsIn(database, tenant), ...wholeJobsIn(database, tenant), ...wishesIn(database, tenant), ...seriesIn(database, tenant), ...watchingIn(database, tenant), ...webhooksIn(database, tenant), ...sweepsIn(database, tenant), ...uploadsIn(database, tenant), ...fleetIn(database, tenant), ...keysIn(database, tenant), ...quotasIn(database, tenant), ...keptIn(database, tenant), ...auditIn(database, tenant), ...positionsIn(database, tenant) }
}
