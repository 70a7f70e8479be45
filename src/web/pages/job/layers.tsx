/** What was pruned, layer by layer: numbers, and bars of what was asked and achieved. */
import type { ReceiptLayer } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { DataTable, type DataColumn } from '../../components/data-table.tsx'
import { count, percent } from '../../format/numbers.ts'
import { DownloadText } from '../../components/download.tsx'
import { LayerBar } from './layer-bar.tsx'

const COLUMNS: ReadonlyArray<DataColumn<ReceiptLayer>> = [
  { id: 'layer', name: 'Layer', isRowHeader: true, bare: true, sortBy: ({ name }) => name, cell: ({ name, type, skipped }) => <div className='layer-name'><span>{name}</span><span className='faint small'>{skipped ?? type}</span></div> },
  { id: 'weights', name: 'Weights', isNumber: true, sortBy: ({ weights }) => weights, cell: ({ weights }) => count(weights) },
  { id: 'nonzeros', name: 'Not zero', isNumber: true, sortBy: ({ nonzeros }) => nonzeros, cell: ({ nonzeros }) => count(nonzeros) },
  { id: 'asked', name: 'Asked', isNumber: true, sortBy: ({ asked }) => asked, cell: ({ asked }) => asked === null ? 'shared' : percent(asked, 2) },
  { id: 'achieved', name: 'Achieved', isNumber: true, sortBy: ({ achieved }) => achieved, cell: ({ achieved }) => percent(achieved, 2) },
  { id: 'bar', name: 'Sparsity', bare: true, cell: ({ achieved, asked, skipped }) => <LayerBar achieved={achieved} asked={asked} skipped={skipped !== undefined} /> },
]

const idOf = ({ name }: ReceiptLayer): string => name

export function Layers ({ layers, id }: { readonly layers: readonly ReceiptLayer[], readonly id: string }) {
  return (
    <Card title='Layers' note='Bars are the share of a layer’s weights that is zero or gone; the line is what was asked of it. Layers that share one budget have no line.' actions={<DownloadText address={`/v1/jobs/${id}/layers?format=csv`} name='layers.csv'>CSV</DownloadText>}>
      <div className='layers-scroll'><DataTable label='Layers' columns={COLUMNS} rows={layers} idOf={idOf} /></div>
    </Card>
  )
}
