/** A chart of lines over steps: it follows its data, its width and the theme, and is a table for who cannot see it. */
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import './chart.css'
import { onThemeChange } from '../../app/theme.ts'
import { count, figure, short } from '../../format/numbers.ts'
import { align, type PlotPoint } from './align.ts'
import { ChartLegend } from './chart-legend.tsx'
import { ChartTable } from './chart-table.tsx'
import type { SeriesColor } from './colors.ts'
import { createPlot, dataOf, MANY } from './plot.ts'
import { readoutText } from './readout.ts'

export interface ChartSeries { readonly name: string, readonly points: readonly PlotPoint[], readonly color: SeriesColor, readonly dash?: boolean }
export interface ChartProps {
  readonly title: string
  readonly series: readonly ChartSeries[]
  readonly height?: number
  readonly xName?: string
  /** Where the cursor is. */
  readonly xFormat?: (x: number) => string
  /** Along the axis, where there is little room. */
  readonly xAxisFormat?: (x: number) => string
  readonly yFormat?: (y: number) => string
  /** Ends of the axis that are fixed; null: as the data are. */
  readonly yRange?: readonly [number | null, number | null]
  readonly syncKey?: string
}

/** Hundreds of lines take a while to draw: with figures that come several times a second nothing else would be done. */
const MANY_EVERY_MS = 1000

/** Steps of the cursor by key; Page Up and Down take a tenth of the chart. */
const MOVES: Readonly<Record<string, (place: number, length: number) => number>> = {
  ArrowLeft: (place) => place - 1,
  ArrowRight: (place) => place + 1,
  PageUp: (place, length) => place - Math.ceil(length / 10),
  PageDown: (place, length) => place + Math.ceil(length / 10),
  Home: () => 0,
  End: (_place, length) => length - 1,
}

export function Chart ({ title, series, height = 220, xName = 'step', xFormat = count, xAxisFormat = short, yFormat = figure, yRange, syncKey }: ChartProps) {
  const id = useId()
  const frame = useRef<HTMLDivElement>(null)
  const readout = useRef<HTMLParagraphElement>(null)
  const plot = useRef<uPlot | null>(null)
  const tell = useRef<(at: number | null, near: number | null) => void>(() => {})
  const spoken = useRef<HTMLParagraphElement>(null)
  const drawnAt = useRef(0)
  const [version, setVersion] = useState(0)
  const data = useMemo(() => align(series.map(({ points }) => points)), [series])
  const latest = useRef({ series, data })
  latest.current = { series, data }
  const shape = JSON.stringify(series.map(({ name, color, dash }) => [name, color, dash]))

  useEffect(() => onThemeChange(() => { setVersion((now) => now + 1) }), [])
  useLayoutEffect(() => {
    const place = frame.current
    if (place === null) return
    const onCursor = (at: number | null, near: number | null): void => {
      if (readout.current !== null) readout.current.textContent = readoutText({ ...latest.current, at, near, xName, xFormat, yFormat })
    }
    tell.current = onCursor
    const made = createPlot(place, { ...latest.current, width: Math.max(1, place.clientWidth), height, xFormat: xAxisFormat, yFormat, yRange, syncKey, onCursor })
    plot.current = made
    onCursor(null, null)
    const watch = new ResizeObserver(() => { if (place.clientWidth > 0 && place.clientWidth !== made.width) made.setSize({ width: place.clientWidth, height }) })
    watch.observe(place)
    return () => {
      watch.disconnect()
      made.destroy()
      plot.current = null
    }
    // A new form of the chart is a new plot; new data of the same form are not.
  }, [shape, height, version, syncKey, xName])
  useLayoutEffect(() => {
    const draw = (): void => {
      const made = plot.current
      if (made === null || made.data[0] === data.xs) return
      made.setData(dataOf(data))
      tell.current(made.cursor.idx ?? null, null)
      drawnAt.current = performance.now()
    }
    const wait = series.length > MANY ? drawnAt.current + MANY_EVERY_MS - performance.now() : 0
    if (wait <= 0) return draw()
    const timer = setTimeout(draw, wait)
    return () => { clearTimeout(timer) }
  }, [data])

  const move = (event: KeyboardEvent): void => {
    const [to, made] = [MOVES[event.key], plot.current]
    if (to === undefined || made === null || data.xs.length === 0) return
    event.preventDefault()
    const place = Math.min(data.xs.length - 1, Math.max(0, to(made.cursor.idx ?? data.xs.length - 1, data.xs.length)))
    made.setCursor({ left: made.valToPos(data.xs[place]!, 'x'), top: made.over.clientHeight / 2 })
    if (spoken.current !== null) spoken.current.textContent = readout.current?.textContent ?? ''
  }
  return (
    <figure className='chart' aria-labelledby={id}>
      <figcaption className='chart-head'><h3 id={id}>{title}</h3><ChartLegend series={series} /></figcaption>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the arrow keys move what the readout tells of */}
      <div ref={frame} className='chart-plot' role='application' aria-roledescription='chart' aria-label={`${title}: the arrow keys move along it`} tabIndex={0} onKeyDown={move} />
      <p ref={readout} className='chart-readout number' />
      {/* What comes by itself is not spoken, or nothing else could be heard. */}
      <p ref={spoken} className='hidden-text' role='status' />
      <ChartTable title={title} series={series} data={data} xName={xName} xFormat={xFormat} yFormat={yFormat} />
    </figure>
  )
}
