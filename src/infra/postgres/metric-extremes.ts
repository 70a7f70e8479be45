/** Figures of training thinned for a picture: of each column of steps the first, the last, the least and the largest point. */
import type { MetricQuery, MetricRow } from '../../jobs/ports.ts'
import { Prisma } from './generated/client.ts'

/** Points that a column keeps at most. */
const OF_COLUMN = 4

interface Column { readonly series: string, readonly n: number, readonly first: number[], readonly last: number[], readonly least: number[], readonly largest: number[] }

type Reader = Pick<Prisma.TransactionClient, '$queryRaw'>

/**
 * A line through these points covers the same pixels as one through all, where a column is a pixel wide. Source: Jugel, Jerzak, Hackenbroich, Markl: M4, a visualization-oriented
 * time series data aggregation, 2014. Of equal values the first counts. Columns are the same for all series: `limit` / 4 between `after` and the newest step.
 */
export async function extremePoints (tx: Reader, jobId: string, { series, after, until, limit }: Required<Omit<MetricQuery, 'extremes'>>): Promise<{ points: MetricRow[], thinned: boolean }> {
  const columns = Math.max(1, Math.floor(limit / OF_COLUMN))
  // Arrays are compared from the front, so that each aggregate brings its whole point with it.
  const found = await tx.$queryRaw<Column[]>`
    WITH asked AS (SELECT series, step, epoch, value, extract(epoch FROM at)::float8 AS at FROM metric_points WHERE job_id = ${jobId} AND step > ${after} AND step <= ${until} AND series IN (${Prisma.join([...series])})),
      ends AS (SELECT min(step) AS low, max(step)::int8 + 1 AS high FROM asked)
    SELECT series, count(*)::int AS n, min(ARRAY[step, value, epoch, at]) AS first, max(ARRAY[step, value, epoch, at]) AS last, min(ARRAY[value, step, epoch, at]) AS least, max(ARRAY[value, -step, epoch, at]) AS largest
    FROM asked, ends GROUP BY series, (step - low)::int8 * ${columns} / (high - low)`
  let told = 0
  const points = found.flatMap(({ series: name, first, last, least: [low, lowStep, ...lowRest], largest: [high, highStep, ...highRest] }) => {
    const own = new Map([first, last, [lowStep!, low!, ...lowRest], [-highStep!, high!, ...highRest]].map(([step, value, epoch, at]) => [step!, { series: name, step: step!, epoch: epoch!, value: value!, at: new Date(at! * 1000) }]))
    told += own.size
    return [...own.values()]
  })
  points.sort((one, other) => one.series < other.series ? -1 : one.series > other.series ? 1 : one.step - other.step)
  return { points, thinned: told < found.reduce((sum, { n }) => sum + n, 0) }
}
