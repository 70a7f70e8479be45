/** The points of a sweep as CSV: a line for each, with a column for each path of the grid. */
import type { Sweep, SweepPoint } from '../../../jobs/sweeps/resource.ts'
import { toCsv } from '../../csv.ts'

type Column = (point: SweepPoint) => string | number | boolean | null | undefined

const FIGURES = ['metric', 'loss', 'bytes', 'gzipBytes', 'nonzeros', 'weights', 'macs', 'latencyMs'] as const satisfies ReadonlyArray<keyof NonNullable<SweepPoint['after']>>

export function tableOf ({ points, pareto, picked, request }: Sweep): string {
  const columns: Record<string, Column> = {
    place: ({ place }) => place,
    job: ({ job }) => job,
    state: ({ state }) => state,
    ...Object.fromEntries(Object.keys(request.grid ?? {}).map((path): [string, Column] => [`values.${path}`, ({ values }) => cellOf(values[path])])),
    ...Object.fromEntries(FIGURES.map((name): [string, Column] => [`before.${name}`, ({ before }) => before?.[name]])),
    ...Object.fromEntries(FIGURES.map((name): [string, Column] => [`after.${name}`, ({ after }) => after?.[name]])),
    ...Object.fromEntries(Object.entries(pareto ?? {}).map(([name, ids]): [string, Column] => [`pareto.${name}`, ({ job }) => ids.includes(job)])),
    picked: ({ job }) => picked?.job === job,
    error: ({ error }) => error?.code,
  }
  return toCsv(columns, points)
}

/** What is no word or number as JSON. */
function cellOf (value: unknown): string | number | boolean | null | undefined {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value as string | number | boolean | null | undefined
}
