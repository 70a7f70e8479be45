/** A plot by uPlot with the colours of the theme. */
import Plot from 'uplot'
import type uPlot from 'uplot'
import type { Aligned } from './align.ts'
import type { ChartSeries } from './chart.tsx'

export interface PlotOptions {
  readonly series: readonly ChartSeries[]
  readonly data: Aligned
  readonly width: number
  readonly height: number
  readonly xFormat: (x: number) => string
  readonly yFormat: (y: number) => string
  readonly yRange?: readonly [number | null, number | null] | undefined
  /** Charts with the same one show the same place. */
  readonly syncKey?: string | undefined
  /** Place along x and series that the cursor is at; null when it is not in the chart. */
  readonly onCursor: (place: number | null, series: number | null) => void
}

/** Of the axis on the left: wide enough for "0.0001" and "12,000". */
const AXIS_WIDTH = 56
const NEAR_PIXELS = 24
/** Beyond so many, one is found by pointing at it. */
export const MANY = 8

export function createPlot (place: HTMLElement, { series, data, width, height, xFormat, yFormat, yRange, syncKey, onCursor }: PlotOptions): uPlot {
  const token = tokens()
  const axis = { stroke: token('--ink-soft'), grid: { stroke: token('--grid'), width: 1 }, ticks: { show: false }, font: `12px ${token('--font')}` }
  const many = series.length > MANY
  let near: number | null = null
  return new Plot({
    width,
    height,
    legend: { show: false },
    scales: { x: { time: false }, y: { range: (_plot, low, high) => rangeOf(low, high, yRange) } },
    axes: [
      { ...axis, size: 28, gap: 6, values: (_plot, values) => values.map((value) => xFormat(value)) },
      { ...axis, size: AXIS_WIDTH, gap: 6, values: (_plot, values) => values.map((value) => yFormat(value)) },
    ],
    series: [{}, ...series.map(({ name, color, dash }) => ({
      label: name, stroke: token(`--${color}`), width: many ? 1 : 2, spanGaps: true, alpha: many ? 0.7 : 1, points: { show: false }, ...(dash === true && { dash: [5, 4] }),
    }))],
    ...(many && { focus: { alpha: 0.25 } }),
    cursor: { y: false, drag: { x: true, y: false }, points: { size: 7 }, ...(many && { focus: { prox: NEAR_PIXELS } }), ...(syncKey !== undefined && { sync: { key: syncKey, setSeries: false } }) },
    hooks: {
      setCursor: [(plot) => { onCursor(plot.cursor.idx ?? null, near) }],
      setSeries: [(plot, index) => { near = index === null ? null : index - 1; onCursor(plot.cursor.idx ?? null, near) }],
    },
  }, dataOf(data), place)
}

export function dataOf ({ xs, ys }: Aligned): uPlot.AlignedData {
  return [xs as number[], ...ys as Array<Array<number | null>>]
}

/** Some room above and below; what is flat lies in the middle. */
function rangeOf (low: number | null, high: number | null, [least, most]: readonly [number | null, number | null] = [null, null]): uPlot.Range.MinMax {
  if (low === null || high === null) return [least ?? 0, most ?? 1]
  const room = high === low ? Math.abs(high) * 0.1 || 0.1 : (high - low) * 0.06
  return [least ?? low - room, most ?? high + room]
}

function tokens (): (name: string) => string {
  const style = getComputedStyle(document.documentElement)
  return (name) => style.getPropertyValue(name).trim()
}
