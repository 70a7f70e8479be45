/** The series of several runs over one another, one metric at a time. */
import { useMemo, useState } from 'react'
import { useQueries } from '@tanstack/react-query'
import { metricsQuery } from '../../api/jobs.ts'
import type { Job } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { Chart, type ChartSeries } from '../../components/chart/chart.tsx'
import { SERIES_COLORS } from '../../components/chart/colors.ts'
import { Select } from '../../components/select.tsx'
import { hasEnded } from '../../format/states.ts'

/** What is looked at first, where the runs have it. */
const FIRST = ['val_accuracy', 'accuracy', 'val_loss', 'loss', 'sparsity']
/** Figures of a run that has not ended are asked for so often. */
const ASK_MS = 5000

export function Overlay ({ jobs, names }: { readonly jobs: readonly Job[], readonly names: ReadonlyMap<string, string> }) {
  const asked = useQueries({ queries: jobs.map(({ id, state }) => ({ ...metricsQuery(id), refetchInterval: hasEnded(state) ? false : ASK_MS })) })
  const metrics = asked.map(({ data }) => data)
  const known = [...new Set(metrics.flatMap((data) => Object.keys(data?.series ?? {})))]
  const [chosen, setChosen] = useState<string | null>(null)
  const name = chosen !== null && known.includes(chosen) ? chosen : FIRST.find((first) => known.includes(first)) ?? known[0]
  const key = jobs.map(({ id }, place) => `${id} ${asked[place]!.dataUpdatedAt}`).join()
  const series = useMemo(() => name === undefined
    ? []
    : jobs.flatMap(({ id }, place): ChartSeries[] => {
      const points = metrics[place]?.series[name]
      return points === undefined ? [] : [{ name: names.get(id) ?? id, points, color: SERIES_COLORS[place % SERIES_COLORS.length]! }]
    }), [name, key, names])
  if (name === undefined) return <Card title='Over the steps'><p className='soft'>{metrics.some((data) => data === undefined) ? 'Loading the figures' : 'None of these runs trained, so there is nothing over steps to see.'}</p></Card>
  return (
    <Card title='Over the steps' actions={<Select label='Metric' hideLabel choices={known.map((id) => ({ id, name: id }))} value={name} onChange={setChosen} />}>
      <Chart title={name} series={series} height={260} />
    </Card>
  )
}
