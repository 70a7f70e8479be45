/** The numbers of a chart as a table, for who reads rather than looks. */
import { useState } from 'react'
import { count } from '../../format/numbers.ts'
import type { Aligned } from './align.ts'
import type { ChartSeries } from './chart.tsx'

/** Nobody reads more; every so many-th place is shown of longer ones. */
const ROWS = 100
const COLUMNS = 12

export interface ChartTableProps {
  readonly title: string
  readonly series: readonly ChartSeries[]
  readonly data: Aligned
  readonly xName: string
  readonly xFormat: (x: number) => string
  readonly yFormat: (y: number) => string
}

export function ChartTable (props: ChartTableProps) {
  const [open, setOpen] = useState(false)
  return (
    <details className='chart-table' onToggle={(event) => { setOpen(event.currentTarget.open) }}>
      <summary>As a table<span className='hidden-text'>: {props.title}</span></summary>
      {open && <Numbers {...props} />}
    </details>
  )
}

function Numbers ({ title, series, data: { xs, ys }, xName, xFormat, yFormat }: ChartTableProps) {
  const every = Math.ceil(xs.length / ROWS)
  const places = [...xs.keys()].filter((place) => place % every === 0 || place === xs.length - 1)
  const shown = series.slice(0, COLUMNS)
  const leftOut = [every > 1 && `every ${count(every)}th of ${count(xs.length)} rows`, series.length > COLUMNS && `the first ${COLUMNS} of ${series.length} lines`].filter((part) => part !== false)
  return (
    <div className='scroll' tabIndex={0} role='region' aria-label={`${title}, numbers`}>
      <table className='plain-table'>
        <caption>{leftOut.length === 0 ? 'All numbers' : `Shown: ${leftOut.join('; ')}`}</caption>
        <thead><tr><th scope='col'>{xName}</th>{shown.map(({ name }) => <th key={name} scope='col'>{name}</th>)}</tr></thead>
        <tbody>
          {places.map((place) => (
            <tr key={place}>
              <th scope='row'>{xFormat(xs[place]!)}</th>
              {shown.map(({ name }, index) => {
                const value = ys[index]?.[place] ?? null
                return <td key={name}>{value === null ? '' : yFormat(value)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
