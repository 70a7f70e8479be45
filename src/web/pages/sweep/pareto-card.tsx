/** What the metric costs: the points of a sweep by size, multiplications or time, with those that no other beats. */
import { useState } from 'react'
import type { Sweep } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { RadioCards } from '../../components/radio-cards.tsx'
import { Scatter } from '../../components/scatter/scatter.tsx'
import { metricText } from '../../format/metrics.ts'
import { COSTS, pointName, type Cost } from './words.ts'

const CHOICES = Object.entries(COSTS).map(([id, { name }]) => ({ id, name }))

export function ParetoCard ({ sweep: { points, metric, pareto, picked } }: { readonly sweep: Sweep }) {
  const [cost, setCost] = useState<Cost>('bytes')
  const { name, of, format } = COSTS[cost]
  const front = new Set(pareto?.[cost])
  const shown = points.flatMap((point) => {
    const [x, y] = [of(point), point.after?.metric ?? null]
    return x === null || y === null ? [] : [{ id: point.job, x, y, name: pointName(point), href: `/jobs/${point.job}`, isFront: front.has(point.job), isPicked: picked?.job === point.job }]
  })
  const measured = metric?.name ?? 'metric'
  return (
    <Card title={`What ${measured} costs`} actions={<RadioCards label='Cost' hideLabel look='segments' choices={CHOICES} value={cost} onChange={(chosen) => { setCost(chosen as Cost) }} />}>
      {shown.length === 0
        ? <p className='soft'>No point has {measured} and {name.toLowerCase()} yet.</p>
        : <Scatter title={`${measured} against ${name.toLowerCase()}`} points={shown} xName={name} yName={measured} xFormat={format} yFormat={(value) => metricText(measured, value)} higher={metric?.better !== 'lower'} />}
      {picked !== null && <p className='small soft'>{picked.because}</p>}
    </Card>
  )
}
