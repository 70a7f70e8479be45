/** What a chart says of the place under the cursor, in one line. */
import type { Aligned } from './align.ts'
import { valueAt } from './align.ts'
import type { ChartSeries } from './chart.tsx'
import { MANY } from './plot.ts'

export interface Readout {
  readonly series: readonly ChartSeries[]
  readonly data: Aligned
  /** Null: the last place. */
  readonly at: number | null
  /** The series nearest to the cursor. */
  readonly near: number | null
  readonly xName: string
  readonly xFormat: (x: number) => string
  readonly yFormat: (y: number) => string
}

export function readoutText ({ series, data: { xs, ys }, at, near, xName, xFormat, yFormat }: Readout): string {
  const place = Math.min(xs.length - 1, at ?? xs.length - 1)
  const x = xs[place]
  if (x === undefined) return ''
  const told = series.length <= MANY ? series.map((_, index) => index) : near === null ? [] : [near]
  const values = told.flatMap((index) => {
    const value = valueAt(ys[index] ?? [], place)
    return value === null ? [] : [`${series[index]!.name} ${yFormat(value)}`]
  })
  const rest = series.length > MANY && near === null ? [`${series.length} lines; point at one to see which it is`] : []
  return `${xName} ${xFormat(x)}: ${[...values, ...rest].join(', ')}`
}
