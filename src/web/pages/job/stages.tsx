/** What each stage behind the method did: how long it took, zeros before and after, and the figures that it tells of itself. */
import type { Receipt } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { DataTable, type DataColumn } from '../../components/data-table.tsx'
import { count, percent } from '../../format/numbers.ts'
import { duration } from '../../format/time.ts'
import { stageFigures, type StageRow } from './stage-figures.ts'

const COLUMNS: ReadonlyArray<DataColumn<StageRow>> = [
  { id: 'stage', name: 'Stage', isRowHeader: true, bare: true, cell: ({ place, stage }) => <strong>{place + 1}. {stage}</strong> },
  { id: 'took', name: 'Took', isNumber: true, cell: ({ seconds }) => duration(seconds) },
  { id: 'weights', name: 'Weights', isNumber: true, cell: ({ weights: { before, after } }) => before === after ? count(after) : `${count(before)} → ${count(after)}` },
  { id: 'zeros', name: 'Zeros', isNumber: true, cell: ({ zeros: { before, after } }) => before === after ? count(after) : `${count(before)} → ${count(after)}` },
  { id: 'sparsity', name: 'Sparsity', isNumber: true, cell: ({ weights, zeros }) => weights.after === 0 ? '–' : percent(zeros.after / weights.after, 2) },
  { id: 'figures', name: 'Of itself', bare: true, cell: (row) => <span className='soft small'>{stageFigures(row).map(([name, value]) => `${name} ${value}`).join(', ')}</span> },
]

const idOf = ({ place }: StageRow): string => String(place)

export function Stages ({ stages }: { readonly stages: NonNullable<Receipt['stages']> }) {
  if (stages.length === 0) return null
  return (
    <Card title='Stages' note='Behind the method, in their order. After each of them all zeros from before were found to be zero still.'>
      <DataTable label='Stages' columns={COLUMNS} rows={stages.map((stage, place) => ({ ...stage, place }))} idOf={idOf} />
    </Card>
  )
}
