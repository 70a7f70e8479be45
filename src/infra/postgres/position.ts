/** The place of a job in its queue: one statement that reads an index over the jobs that are queued. */
import type { QueueOrder, QueuePosition } from '../../jobs/queue-position.ts'
import type { Database } from './client.ts'
import { RUNNING } from './quotas.ts'
import { storable } from './rows.ts'

interface PositionRow extends Omit<QueuePosition, 'position'> { readonly position: number | null }

/** The part of the Catalog that knows the order of the queue. */
export function positionsIn ({ prisma, patiently, quotas }: Database, tenantId: string): QueueOrder {
  return {
    async position (jobId) {
      const id = storable(jobId)
      // Of a tenant whose jobs may not all run now only so many are taken as it has room for: the others go back and come again later.
      const [row] = await patiently(async () => await prisma.$queryRaw<PositionRow[]>`
        WITH mine AS MATERIALIZED (SELECT id, tenant_id, state, queue, priority, updated_at FROM jobs WHERE id = ${id} AND tenant_id = ${tenantId}),
          ahead AS (
            SELECT other.tenant_id FROM mine JOIN jobs AS other ON other.state = 'queued' AND other.queue = mine.queue AND other.priority > mine.priority WHERE mine.state = 'queued'
            UNION ALL
            SELECT other.tenant_id FROM mine JOIN jobs AS other ON other.state = 'queued' AND other.queue = mine.queue AND other.priority = mine.priority
              AND (other.updated_at, other.id) < (mine.updated_at, mine.id) WHERE mine.state = 'queued'),
          counted AS (SELECT tenant_id, count(*) AS jobs FROM ahead GROUP BY tenant_id UNION ALL SELECT tenant_id, 0 FROM mine),
          of_tenant AS (
            SELECT tenants.id, sum(jobs) AS jobs, CASE WHEN quotas::jsonb ? 'runningJobs' THEN (quotas->>'runningJobs')::float8 ELSE ${quotas.runningJobs}::float8 END AS allowed
            FROM counted JOIN tenants ON tenants.id = counted.tenant_id GROUP BY tenants.id),
          room AS (
            SELECT id, jobs, CASE WHEN allowed IS NOT NULL THEN
              greatest(0, allowed - (SELECT count(*) FROM jobs WHERE tenant_id = of_tenant.id AND state ${RUNNING})) END AS free FROM of_tenant)
        SELECT mine.id AS job, mine.state::text AS state, mine.queue, coalesce(mine.state = 'queued' AND (SELECT free = 0 FROM room WHERE room.id = mine.tenant_id), false) AS held,
          CASE WHEN mine.state = 'queued' THEN (SELECT sum(CASE WHEN room.id = mine.tenant_id THEN jobs ELSE least(jobs, free) END)::float8 FROM room) END AS position
        FROM mine`)
      return row ?? null
    },
  }
}
