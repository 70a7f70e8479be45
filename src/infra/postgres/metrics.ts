/** Figures of training runs in the Catalog: points written in bulk, series read thinned. */
import type { Catalog, MetricBatch, TenantCatalog } from '../../jobs/ports.ts'
import { WORKED_ON } from '../../jobs/states.ts'
import { thinExtremes } from '../../jobs/thin-extremes.ts'
import { jsonText, oneOf, TRANSACTION, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { packedPoints } from './packed-points.ts'
import { storable } from './rows.ts'

type Series = Pick<TenantCatalog, 'metricSeries' | 'metricPoints'>

interface Cell { readonly series: string, readonly step: number, readonly epoch: number, readonly value: number }

/** A row for each value. Of several for one series and step the last one holds: a statement may not write a row twice. */
function cellsOf (points: MetricBatch['points']): Cell[] {
  const cells = new Map<string, Cell>()
  for (const { step, epoch, values } of points) {
    for (const [name, value] of Object.entries(values)) {
      const series = wellFormed(storable(name))
      cells.set(`${step} ${series}`, { series, step, epoch, value })
    }
  }
  return [...cells.values()]
}

/** Without halves of surrogate pairs, which Postgres' JSON cannot read. */
function wellFormed (text: string): string {
  return Buffer.from(text).toString()
}

/** The part of the Catalog that keeps the figures of training runs. */
export function metricsIn ({ prisma, patiently }: Database): Pick<Catalog, 'metrics'> {
  return {
    async metrics (jobId, attempt, { from, points }) {
      const id = storable(jobId)
      const cells = jsonText(cellsOf(points))
      return await patiently(async () => await prisma.$transaction(async (tx) => {
        // The lock keeps the job in this attempt until the points are in, and those who watch are told when they are.
        const told = Prisma.sql`pg_notify('espalier_job_changes', 'metrics ' || id || ' ' || tenant_id)::text`
        const worked = Prisma.sql`WHERE id = ${id} AND attempt = ${attempt} AND state ${oneOf(WORKED_ON)}`
        const held = await tx.$queryRaw<unknown[]>(from === undefined
          ? Prisma.sql`SELECT ${told} FROM jobs ${worked} FOR SHARE`
          : Prisma.sql`UPDATE jobs SET metric_run = metric_run + 1, metric_from = ${from} ${worked} RETURNING ${told}`)
        if (held.length === 0) return false
        if (from !== undefined) await tx.$executeRaw`DELETE FROM metric_points WHERE job_id = ${id} AND step > ${from}`
        await tx.$executeRaw`
          INSERT INTO metric_points (job_id, series, step, epoch, value)
          SELECT ${id}, cell.series, cell.step, cell.epoch, cell.value
          FROM json_to_recordset(${cells}::json) AS cell (series text, step int, epoch int, value float8)
          ON CONFLICT (job_id, series, step) DO UPDATE SET epoch = excluded.epoch, value = excluded.value, at = excluded.at`
        return true
      }, TRANSACTION))
    },
  }
}

/** The part of the Catalog that tells the figures of a tenant's runs. */
export function seriesIn ({ prisma, patiently }: Database, tenantId: string): Series {
  /** Points have no tenant of their own: they are their job's. */
  async function isMine (id: string): Promise<boolean> {
    return await patiently(async () => await prisma.job.count({ where: { id, tenantId } })) > 0
  }

  return {
    async metricSeries (jobId) {
      const id = storable(jobId)
      if (!await isMine(id)) return []
      // From name to name through the index: looking at every point would take longer the longer a job trains.
      return await patiently(async () => await prisma.$queryRaw<Array<{ name: string, lastStep: number }>>`
        WITH RECURSIVE names AS (
          SELECT min(series) AS name FROM metric_points WHERE job_id = ${id}
          UNION ALL
          SELECT (SELECT min(series) FROM metric_points WHERE job_id = ${id} AND series > names.name) FROM names WHERE names.name IS NOT NULL)
        SELECT name, (SELECT max(step) FROM metric_points WHERE job_id = ${id} AND series = name) AS "lastStep" FROM names WHERE name IS NOT NULL ORDER BY name`)
    },

    async metricPoints (jobId, query) {
      const { series, after, until, limit, extremes, times = false } = query
      if (series.length === 0 || !await isMine(storable(jobId))) return { series: [], thinned: false }
      const asked = Prisma.sql`FROM metric_points WHERE job_id = ${storable(jobId)} AND step > ${after} ${until === undefined ? Prisma.empty : Prisma.sql`AND step <= ${until}`} AND series IN (${Prisma.join([...series])})`
      if (extremes === true) {
        const all = Prisma.sql`SELECT series, step, epoch, value, at, false AS thinned ${asked}`
        return thinExtremes((await patiently(async () => await packedPoints(prisma, { source: all, names: series, times }))).series, limit)
      }
      // The points of a series have the ranks 0 to n - 1; those are kept in which rank * (limit - 1) / (n - 1), rounded down, is a new number: `limit` of them.
      const even = Prisma.sql`
        SELECT series, step, epoch, value, at, n > ${limit} AS thinned
        FROM (SELECT series, step, epoch, value, at, row_number() OVER (PARTITION BY series ORDER BY step) - 1 AS rank, count(*) OVER (PARTITION BY series) AS n ${asked}) AS ranked
        WHERE n <= ${limit} OR rank = 0 OR rank * (${limit}::bigint - 1) / greatest(n - 1, 1) > (rank - 1) * (${limit}::bigint - 1) / greatest(n - 1, 1)`
      return await patiently(async () => await packedPoints(prisma, { source: even, names: series, times }))
    },
  }
}
