/** What those who watch a tenant's jobs are told: each a small statement of its own, since it is asked again and again. */
import type { ErrorRecord } from '../../errors.ts'
import type { JobState, Progress } from '../../jobs/resources.ts'
import { WORKED_ON } from '../../jobs/states.ts'
import type { JobEvent, Watching } from '../../jobs/watching.ts'
import { oneOf, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './rows.ts'

/** At some 25 bytes each a few hundred KB. */
const MAX_POINTS = 10_000
const MAX_WORKED_ON = 1000

interface EventRow { readonly number: bigint | number, readonly jobId: string, readonly state: JobState, readonly attempt: number, readonly at: Date | string, readonly error: ErrorRecord | null }
interface WatchedRow { readonly state: JobState, readonly attempt: number, readonly progress: Progress, readonly metricRun: number, readonly metricFrom: number, readonly newest: bigint, readonly events: EventRow[] | null }
interface PointRow { readonly series: string, readonly step: number, readonly epoch: number, readonly value: number, readonly thinned: boolean }

function eventOf ({ number, jobId, state, attempt, at, error }: EventRow): JobEvent {
  return { number: Number(number), jobId, state, attempt, at: new Date(at), error }
}

/** Events with what an attempt failed with, which its row has. */
const EVENTS = Prisma.sql`
  SELECT e.id AS number, e.job_id AS "jobId", e.state::text AS state, e.attempt, e.at, CASE WHEN e.state = 'failed' THEN a.error END AS error
  FROM job_events e LEFT JOIN attempts a ON a.job_id = e.job_id AND a.number = e.attempt`

/** Names of a job's series, from name to name through the index: looking at every point would take longer the longer a job trains. */
function namesOf (id: string): Prisma.Sql {
  return Prisma.sql`names AS (
    SELECT min(series) AS name FROM metric_points WHERE job_id = ${id}
    UNION ALL
    SELECT (SELECT min(series) FROM metric_points WHERE job_id = ${id} AND series > names.name) FROM names WHERE names.name IS NOT NULL)`
}

/** The part of the Catalog that is asked by those who watch a tenant's jobs. */
export function watchingIn ({ prisma, patiently }: Database, tenantId: string): Watching {
  return {
    async watched (jobId, after, limit) {
      const id = storable(jobId)
      const [row] = await patiently(async () => await prisma.$queryRaw<WatchedRow[]>`
        SELECT state::text AS state, attempt, progress, metric_run AS "metricRun", metric_from AS "metricFrom",
          coalesce((SELECT max(id) FROM job_events WHERE job_id = ${id}), 0) AS newest,
          (SELECT json_agg(told) FROM (${EVENTS} WHERE e.job_id = ${id} AND e.id > ${after} ORDER BY e.id LIMIT ${limit}) AS told) AS events
        FROM jobs WHERE id = ${id} AND tenant_id = ${tenantId}`)
      return row === undefined ? null : { ...row, jobId: id, newest: Number(row.newest), events: (row.events ?? []).map(eventOf) }
    },

    async newestStep (jobId) {
      const id = storable(jobId)
      const [row] = await patiently(async () => await prisma.$queryRaw<Array<{ step: number | null }>>`
        WITH RECURSIVE ${namesOf(id)}
        SELECT max((SELECT max(step) FROM metric_points WHERE job_id = ${id} AND series = name)) AS step
        FROM names WHERE name IS NOT NULL AND EXISTS (SELECT 1 FROM jobs WHERE id = ${id} AND tenant_id = ${tenantId})`)
      return row?.step ?? null
    },

    async newPoints (jobId, after, before) {
      const id = storable(jobId)
      // Thinned as in metricPoints: of n points those whose rank * (limit - 1) / (n - 1), rounded down, is a new number.
      const rows = await patiently(async () => await prisma.$queryRaw<PointRow[]>`
        WITH RECURSIVE ${namesOf(id)},
          known AS (SELECT name, greatest(2, ${MAX_POINTS}::bigint / count(*) OVER ()) AS most FROM names WHERE name IS NOT NULL),
          ranked AS (
            SELECT series, step, epoch, value, most, row_number() OVER (PARTITION BY series ORDER BY step) - 1 AS rank, count(*) OVER (PARTITION BY series) AS n
            FROM known JOIN metric_points ON job_id = ${id} AND series = name AND step > ${after} AND step < ${before}
            WHERE EXISTS (SELECT 1 FROM jobs WHERE id = ${id} AND tenant_id = ${tenantId}))
        SELECT series, step, epoch, value, n > most AS thinned FROM ranked
        WHERE n <= most OR rank = 0 OR rank * (most - 1) / greatest(n - 1, 1) > (rank - 1) * (most - 1) / greatest(n - 1, 1)
        ORDER BY series, step`)
      if (rows.length === 0) return null
      const series = new Map<string, Array<[number, number, number]>>()
      for (const { series: name, step, value, epoch } of rows) {
        const points = series.get(name) ?? []
        points.push([step, value, epoch])
        series.set(name, points)
      }
      return { series: Object.fromEntries(series), lastStep: rows.reduce((last, { step }) => Math.max(last, step), 0), thinned: rows.some(({ thinned }) => thinned) }
    },

    async events (after, upTo, limit) {
      return (await patiently(async () => await prisma.$queryRaw<EventRow[]>`
        ${EVENTS} WHERE e.tenant_id = ${tenantId} AND e.id > ${after} AND e.id <= ${upTo} ORDER BY e.id LIMIT ${limit}`)).map(eventOf)
    },

    async workedOn (jobIds) {
      if (jobIds?.length === 0) return []
      const these = jobIds === null ? Prisma.empty : Prisma.sql`AND id IN (${Prisma.join(jobIds.map(storable))})`
      return await patiently(async () => await prisma.$queryRaw<Array<{ jobId: string, attempt: number, progress: Progress }>>`
        SELECT id AS "jobId", attempt, progress FROM jobs WHERE tenant_id = ${tenantId} AND state ${oneOf(WORKED_ON)} ${these} ORDER BY created_at LIMIT ${MAX_WORKED_ON}`)
    },
  }
}
