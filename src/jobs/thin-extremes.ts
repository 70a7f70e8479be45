/** Series thinned for a picture: of each column of steps the first, the last, the least and the largest point. */
import { pointsAt, type MetricColumns } from './series.ts'

/** Points that a column keeps at most. */
const OF_COLUMN = 4

/**
 * A line through these points covers the same pixels as one through all, where a column is a pixel wide. Source: Jugel, Jerzak, Hackenbroich, Markl: M4, a visualization-oriented
 * time series data aggregation, 2014. Of equal values the first counts. Columns are the same for all series: `limit` / 4 between the least and the largest step.
 * A series of at most `limit` points stays whole. Points come by step, and so do those that stay.
 */
export function thinExtremes (series: readonly MetricColumns[], limit: number): { series: MetricColumns[], thinned: boolean } {
  const columns = Math.max(1, Math.floor(limit / OF_COLUMN))
  const low = Math.min(...series.map(({ steps }) => steps[0] ?? Infinity))
  const high = Math.max(...series.map(({ steps }) => steps.at(-1) ?? -Infinity))
  const columnOf = (step: number): number => Math.floor((step - low) * columns / (high + 1 - low))
  const isLong = ({ steps }: MetricColumns): boolean => steps.length > limit
  const thin = series.map((one) => isLong(one) ? pointsAt(one, extremesOf(one, columnOf)) : one)
  return { series: thin, thinned: thin.some(({ steps }, index) => steps.length < series[index]!.steps.length) }
}

/** Places of the points that stay, in their order. */
function extremesOf ({ steps, values }: MetricColumns, columnOf: (step: number) => number): number[] {
  const kept: number[] = []
  let begin = 0
  while (begin < steps.length) {
    const column = columnOf(steps[begin]!)
    let [least, largest, end] = [begin, begin, begin + 1]
    for (; end < steps.length && columnOf(steps[end]!) === column; end++) {
      if (values[end]! < values[least]!) least = end
      if (values[end]! > values[largest]!) largest = end
    }
    kept.push(...[...new Set([begin, least, largest, end - 1])].sort((one, other) => one - other))
    begin = end
  }
  return kept
}
