/** The points of a sweep as a table. */
import { useMemo } from 'react'
import { Link } from 'wouter'
import type { Sweep } from '../../api/types.ts'
import { DataTable, type DataColumn } from '../../components/data-table.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { metricText } from '../../format/metrics.ts'
import { bytes, count, milliseconds, short, signed } from '../../format/numbers.ts'
import { pointName, type Point } from './words.ts'

export function PointsTable ({ sweep }: { readonly sweep: Sweep }) {
  const columns = useMemo(() => columnsOf(sweep), [sweep])
  return <DataTable label='Points of the sweep' columns={columns} rows={sweep.points} idOf={({ job }) => job} />
}

function columnsOf ({ metric, pareto, picked }: Sweep): Array<DataColumn<Point>> {
  const name = metric?.name ?? 'metric'
  const loss = ({ before, after }: Point): number | null => before?.metric == null || after?.metric == null ? null : after.metric - before.metric
  return [
    {
      id: 'point',
      name: 'Point',
      isRowHeader: true,
      bare: true,
      sortBy: ({ place }) => place,
      cell: (point) => (
        <span className='point-name'>
          <Link href={`/jobs/${point.job}`}>{pointName(point)}</Link>
          {picked?.job === point.job && <span className='badge warn'>picked</span>}
          {pareto?.bytes.includes(point.job) === true && <span className='badge good'>on the front</span>}
        </span>
      ),
    },
    { id: 'state', name: 'State', bare: true, cell: ({ state, error }) => <span title={error?.message}><StateBadge state={state} /></span> },
    { id: 'metric', name, isNumber: true, sortBy: ({ after }) => after?.metric ?? null, cell: ({ after }) => metricText(name, after?.metric) },
    { id: 'change', name: 'Change', isNumber: true, sortBy: loss, cell: (point) => changeText(name, loss(point)) },
    { id: 'bytes', name: 'File', isNumber: true, sortBy: ({ after }) => after?.bytes ?? null, cell: ({ after }) => bytes(after?.bytes) },
    { id: 'gzip', name: 'gzip', isNumber: true, sortBy: ({ after }) => after?.gzipBytes ?? null, cell: ({ after }) => bytes(after?.gzipBytes) },
    { id: 'nonzeros', name: 'Not zero', isNumber: true, sortBy: ({ after }) => after?.nonzeros ?? null, cell: ({ after }) => count(after?.nonzeros) },
    { id: 'macs', name: 'MACs', isNumber: true, sortBy: ({ after }) => after?.macs ?? null, cell: ({ after }) => short(after?.macs) },
    { id: 'latency', name: 'Latency', isNumber: true, sortBy: ({ after }) => after?.latencyMs ?? null, cell: ({ after }) => milliseconds(after?.latencyMs) },
  ]
}

function changeText (metric: string, change: number | null): string {
  return change === null ? '–' : signed(metricText(metric, Math.abs(change)).replace(' %', ' pt'), change)
}
