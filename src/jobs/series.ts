/** Figures of training, as they come, are kept and are read. */
import type { MetricPoint } from '../methods/metric-point.ts'

/** Figures of a training run. With `from` the run begins after that step: points of later steps are of a start that was lost. */
export interface MetricBatch { readonly from?: number, readonly points: readonly MetricPoint[] }

/** A series of figures; `lastStep` is that of its newest point. */
export interface MetricSeries { readonly name: string, readonly lastStep: number }

/** Points of one series by step, a column each; `times` (milliseconds, when each was stored) is empty unless it was asked for. */
export interface MetricColumns { readonly series: string, readonly steps: readonly number[], readonly epochs: readonly number[], readonly values: readonly number[], readonly times: readonly number[] }

/** The points at these places, in their order; a column that is empty stays so. */
export function pointsAt ({ series, steps, epochs, values, times }: MetricColumns, places: readonly number[]): MetricColumns {
  const at = (column: readonly number[]): number[] => column.length === 0 ? [] : places.map((place) => column[place]!)
  return { series, steps: at(steps), epochs: at(epochs), values: at(values), times: at(times) }
}

/**
 * Points of these series with a step above `after` and not above `until`; of a series that has more than `limit` (2 or more), so many: its first and last among them, the others evenly, or (`extremes`, of 4 or
 * more) those that a picture of it needs. With `times` also when each was stored, which takes as long to read as half of all else.
 */
export interface MetricQuery { readonly series: readonly string[], readonly after: number, readonly until?: number, readonly limit: number, readonly extremes?: boolean, readonly times?: boolean }
