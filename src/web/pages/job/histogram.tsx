/** How the weights of a tensor are spread before and after, with the threshold between what stays and what goes. */
import type { WeightHistogram } from '../../../methods/weight-record/record.ts'
import type { Static } from 'typebox'
import { count, figure } from '../../format/numbers.ts'

const [WIDTH, HEIGHT, FOOT] = [560, 260, 26]

export interface HistogramProps {
  readonly histogram: Static<typeof WeightHistogram>
  readonly threshold: number | null
  /** Weights that are zero after pruning; no bin counts them. */
  readonly zeros: number
}

export function Histogram ({ histogram: { from, width, before, after }, threshold, zeros }: HistogramProps) {
  const bins = before.length
  const most = Math.max(1, ...before, ...after)
  const to = from + bins * width
  const x = (value: number): number => (value - from) / (to - from) * WIDTH
  const steps = (counts: readonly number[]): string => {
    const points = counts.map((value, bin) => `H${(bin / bins * WIDTH).toFixed(1)}V${(HEIGHT - value / most * HEIGHT).toFixed(1)}`).join('')
    return `M0 ${HEIGHT}${points}H${WIDTH}V${HEIGHT}Z`
  }
  const ticks = [from, from / 2, 0, to / 2, to].filter((tick, place, all) => tick >= from && tick <= to && all.indexOf(tick) === place)
  return (
    <figure className='histogram'>
      <figcaption className='chart-head'>
        <h3>Spread of the values</h3>
        <ul className='chart-legend'><li><i className='swatch before' />before</li><li><i className='swatch after' />after</li>{threshold !== null && <li><i className='swatch threshold' />threshold {figure(threshold, 3)}</li>}</ul>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + FOOT}`} role='img' aria-label={`Histogram of the values from ${figure(from, 3)} to ${figure(to, 3)}: ${count(sum(before))} before, ${count(sum(after))} after that are not zero`}>
        <path className='histogram-before' d={steps(before)} />
        <path className='histogram-after' d={steps(after)} />
        {threshold !== null && [-threshold, threshold].map((value) => value > from && value < to && <path key={value} className='histogram-threshold' d={`M${x(value)} 0V${HEIGHT}`} />)}
        <path className='histogram-axis' d={`M0 ${HEIGHT}H${WIDTH}`} />
        {ticks.map((tick) => <text key={tick} className='histogram-tick' x={x(tick)} y={HEIGHT + 18} textAnchor={tick === from ? 'start' : tick === to ? 'end' : 'middle'}>{figure(tick, 3)}</text>)}
      </svg>
      <p className='small soft number'>{count(zeros)} zeros are not drawn; the highest bar is {count(most)} weights.</p>
    </figure>
  )
}

function sum (counts: readonly number[]): number {
  return counts.reduce((total, value) => total + value, 0)
}
