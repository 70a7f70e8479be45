/** Series thinned for a picture: of each column of steps the first, the last, the least and the largest point. */
import type { MetricRow } from './series.ts'

/** Points that a column keeps at most. */
const OF_COLUMN = 4

/**
 * A line through these points covers the same pixels as one through all, where a column is a pixel wide. Source: Jugel, Jerzak, Hackenbroich, Markl: M4, a visualization-oriented
 * time series data aggregation, 2014. Of equal values the first counts. Columns are the same for all series: `limit` / 4 between the least and the largest step.
 * A series of at most `limit` points stays whole. `points` come by series and step, and so do those that stay.
 */
export function thinExtremes (points: readonly MetricRow[], limit: number): { points: MetricRow[], thinned: boolean } {
  const columns = Math.max(1, Math.floor(limit / OF_COLUMN))
  let [low, high] = [Infinity, -Infinity]
  for (const { step } of points) [low, high] = [Math.min(low, step), Math.max(high, step)]
  const counts = new Map<string, number>()
  for (const { series } of points) counts.set(series, (counts.get(series) ?? 0) + 1)
  const kept: MetricRow[] = []
  let begin = 0
  for (let end = 1; end <= points.length; end++) {
    const [one, next] = [points[begin]!, points[end]]
    const isWhole = counts.get(one.series)! <= limit
    const columnOf = ({ step }: MetricRow): number => Math.floor((step - low) * columns / (high + 1 - low))
    if (next !== undefined && next.series === one.series && (isWhole || columnOf(next) === columnOf(one))) continue
    if (isWhole) for (let index = begin; index < end; index++) kept.push(points[index]!)
    else kept.push(...extremesOf(points, begin, end))
    begin = end
  }
  return { points: kept, thinned: kept.length < points.length }
}

/** Of the points from `begin` to before `end`, in their order. */
function extremesOf (points: readonly MetricRow[], begin: number, end: number): MetricRow[] {
  let [least, largest] = [begin, begin]
  for (let index = begin + 1; index < end; index++) {
    if (points[index]!.value < points[least]!.value) least = index
    if (points[index]!.value > points[largest]!.value) largest = index
  }
  return [...new Set([begin, least, largest, end - 1])].sort((one, other) => one - other).map((index) => points[index]!)
}
