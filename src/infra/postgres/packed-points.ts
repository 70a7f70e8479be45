/** Many points in few rows: a row for each series with its columns as JSON, since a row for each point takes longer to read than everything else together. */
import type { MetricRow } from '../../jobs/ports.ts'
import type { Prisma } from './generated/client.ts'
import type { Reader } from './quotas.ts'

interface Packed { readonly series: string, readonly steps: string, readonly epochs: string, readonly values: string, readonly times: string, readonly thinned: boolean }

/** `source` has the columns series, step, epoch, value, at and thinned. By series, in the order of the database, and step. */
export async function packedPoints (tx: Reader, source: Prisma.Sql): Promise<{ points: MetricRow[], thinned: boolean }> {
  const rows = await tx.$queryRaw<Packed[]>`
    SELECT series, to_json(array_agg(step ORDER BY step))::text AS steps, to_json(array_agg(epoch ORDER BY step))::text AS epochs, to_json(array_agg(value ORDER BY step))::text AS values,
      to_json(array_agg((extract(epoch FROM at) * 1000)::int8 ORDER BY step))::text AS times, bool_or(thinned) AS thinned
    FROM (${source}) AS chosen GROUP BY series ORDER BY series`
  const points: MetricRow[] = []
  for (const { series, ...packed } of rows) {
    const [steps, epochs, values, times] = [packed.steps, packed.epochs, packed.values, packed.times].map((text) => JSON.parse(text) as number[]) as [number[], number[], number[], number[]]
    for (let index = 0; index < steps.length; index++) points.push({ series, step: steps[index]!, epoch: epochs[index]!, value: values[index]!, at: new Date(times[index]!) })
  }
  return { points, thinned: rows.some(({ thinned }) => thinned) }
}
