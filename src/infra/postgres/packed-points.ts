/** Many points in few rows: a row for each series with its columns as JSON, since a row for each point takes longer to read than everything else together. */
import { pointsAt, type MetricColumns } from '../../jobs/series.ts'
import { Prisma } from './generated/client.ts'
import type { Reader } from './quotas.ts'

interface Packed { readonly series: string, readonly steps: string, readonly epochs: string, readonly values: string, readonly times: string | null, readonly thinned: boolean }

/** `source` has the columns series, step, epoch, value, at and thinned. Series in the order of `names`; those without points are left out. */
export async function packedPoints (tx: Reader, { source, names, times }: { source: Prisma.Sql, names: readonly string[], times: boolean }): Promise<{ series: MetricColumns[], thinned: boolean }> {
  // In whatever order the rows lie, mostly that of their steps: sorting all points of all series in the database takes longer than reading them.
  const stored = times ? Prisma.sql`to_json(array_agg((extract(epoch FROM at) * 1000)::int8))::text` : Prisma.sql`NULL`
  const rows = await tx.$queryRaw<Packed[]>`
    SELECT series, to_json(array_agg(step))::text AS steps, to_json(array_agg(epoch))::text AS epochs, to_json(array_agg(value))::text AS values, ${stored} AS times, bool_or(thinned) AS thinned
    FROM (${source}) AS chosen GROUP BY series`
  const found = new Map(rows.map((row) => [row.series, row]))
  return {
    series: names.flatMap((name) => {
      const row = found.get(name)
      return row === undefined ? [] : [columnsOf(row)]
    }),
    thinned: rows.some(({ thinned }) => thinned),
  }
}

function columnsOf ({ series, ...packed }: Packed): MetricColumns {
  const [steps, epochs, values, times] = [packed.steps, packed.epochs, packed.values, packed.times ?? '[]'].map((text) => JSON.parse(text) as number[]) as [number[], number[], number[], number[]]
  const columns = { series, steps, epochs, values, times }
  if (steps.every((step, index) => index === 0 || steps[index - 1]! < step)) return columns
  return pointsAt(columns, steps.map((_, index) => index).sort((one, other) => steps[one]! - steps[other]!))
}
