/** Which line is which. */
import type { ChartSeries } from './chart.tsx'
import { MANY } from './plot.ts'

export function ChartLegend ({ series }: { readonly series: readonly ChartSeries[] }) {
  if (series.length > MANY) return <p className='faint small'>{series.length} lines</p>
  return (
    <ul className='chart-legend'>
      {series.map(({ name, color, dash }) => (
        <li key={name}>
          <svg className={color} viewBox='0 0 18 4' aria-hidden='true'><path d='M0 2h18' strokeDasharray={dash === true ? '5 4' : 'none'} /></svg>
          {name}
        </li>
      ))}
    </ul>
  )
}
