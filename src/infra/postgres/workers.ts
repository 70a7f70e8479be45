/** Workers in the Catalog: as they say of themselves, by the database's clock. */
import { GONE_MS, type Worker, type WorkerState } from '../../jobs/fleet.ts'
import type { Catalog, TenantCatalog } from '../../jobs/ports.ts'
import type { QueueName } from '../../jobs/queues.ts'
import { jsonText, type Database } from './client.ts'
import { storable } from './rows.ts'

/** How long one that is gone stays in the list. */
const KEPT = '1 day'

interface Row {
  id: string, name: string, host: string, pid: number, version: string, device: Worker['device'], memory_bytes: bigint, cpus: number, concurrency: number
  queues: QueueName[], state: WorkerState, running: number, mine: string[], gone: boolean, started_at: Date, seen_at: Date
}

/** The part of the Catalog that workers write. */
export function workersIn ({ prisma, patiently }: Database): Pick<Catalog, 'beat' | 'left' | 'sweepWorkers' | 'oldestWaits'> {
  return {
    async beat ({ id, name, host, pid, version, device, memoryBytes, cpus, concurrency, queues, state, jobs }) {
      await patiently(async () => await prisma.$executeRaw`
        INSERT INTO workers (id, name, host, pid, version, device, memory_bytes, cpus, concurrency, queues, state, jobs)
        VALUES (${id}, ${storable(name)}, ${storable(host)}, ${pid}, ${version}, ${jsonText(device)}::json, ${memoryBytes}, ${cpus}, ${concurrency}, ${[...queues]}, ${state}::worker_state, ${[...jobs]})
        ON CONFLICT (id) DO UPDATE SET device = EXCLUDED.device, queues = EXCLUDED.queues, state = EXCLUDED.state, jobs = EXCLUDED.jobs, seen_at = now()`)
    },

    async left (id) {
      await patiently(async () => await prisma.worker.deleteMany({ where: { id } }))
    },

    async sweepWorkers () {
      return await patiently(async () => await prisma.$executeRaw`DELETE FROM workers WHERE seen_at < now() - ${KEPT}::interval`)
    },

    async oldestWaits () {
      const rows = await patiently(async () => await prisma.$queryRaw<Array<{ queue: string, seconds: number }>>`
        SELECT queue, extract(epoch FROM now() - min(updated_at))::float8 AS seconds FROM jobs WHERE state = 'queued' GROUP BY queue`)
      return new Map(rows.map(({ queue, seconds }) => [queue, Math.max(0, seconds)]))
    },
  }
}

/** The list of workers, with the jobs of one tenant. */
export function fleetIn ({ prisma, patiently }: Database, tenantId: string): Pick<TenantCatalog, 'workers'> {
  return {
    async workers () {
      const rows = await patiently(async () => await prisma.$queryRaw<Row[]>`
        SELECT workers.*, cardinality(workers.jobs) AS running, seen_at < now() - ${GONE_MS}::float8 * interval '1 millisecond' AS gone,
          ARRAY(SELECT id FROM jobs WHERE id = ANY(workers.jobs) AND tenant_id = ${tenantId} ORDER BY id) AS mine
        FROM workers ORDER BY started_at, id`)
      return rows.map(workerOf)
    },
  }
}

function workerOf ({ memory_bytes: memoryBytes, started_at: startedAt, seen_at: seenAt, gone, mine, state, ...row }: Row): Worker {
  const { id, name, host, pid, version, device, cpus, concurrency, queues, running } = row
  return {
    id, name, host, pid, version, state: gone ? 'gone' : state, device, memoryBytes: Number(memoryBytes), cpus, concurrency, queues, running, jobs: mine,
    startedAt: startedAt.toISOString(), seenAt: seenAt.toISOString(),
  }
}
