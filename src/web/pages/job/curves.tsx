/** What happened over the steps of a run: accuracy, loss, sparsity, masks, live while it runs. */
import { useMemo } from 'react'
import { useQuery } from '@tanstack/react-query'
import { metricsQuery } from '../../api/jobs.ts'
import type { Job } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { Chart } from '../../components/chart/chart.tsx'
import { DownloadText } from '../../components/download.tsx'
import { chartsOf } from './series.ts'

export function Curves ({ job: { id, receipt } }: { readonly job: Job }) {
  const { data } = useQuery(metricsQuery(id))
  const charts = useMemo(() => chartsOf(data?.series ?? {}, receipt?.updates), [data, receipt])
  if (charts.length === 0) return null
  return (
    <Card title='Over the steps' actions={<DownloadText address={`/v1/jobs/${id}/metrics?format=csv&limit=10000`} name='metrics.csv'>CSV</DownloadText>}>
      <div className='charts'>
        {charts.map(({ title, series, yFormat, yRange }) => (
          <Chart key={title} title={title} series={series} yFormat={yFormat} yRange={yRange} syncKey={`steps of ${id}`} />
        ))}
      </div>
    </Card>
  )
}
