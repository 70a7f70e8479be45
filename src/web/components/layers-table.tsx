/** The layers of a model: what of each can be pruned or why nothing is, what a plan makes of it, and whether it is to be left alone. */
import { useMemo, useState } from 'react'
import type { Model, Plan } from '../api/types.ts'
import { count, percent, short } from '../format/numbers.ts'
import { countOf } from '../format/recipe.ts'
import { Button } from './button.tsx'
import { Checkbox } from './checkbox.tsx'
import { DataTable, type DataColumn } from './data-table.tsx'
import './layers-table.css'

type Layer = Model['layers'][number]
type PlanLayer = Plan['layers'][number]

export interface LayersTableProps {
  readonly model: Model
  readonly plan?: Plan | undefined
  readonly skipped?: ReadonlySet<string>
  /** Absent: nothing can be chosen. */
  readonly onSkip?: ((layer: string, skip: boolean) => void) | undefined
}

export function LayersTable ({ model, plan, skipped, onSkip }: LayersTableProps) {
  const prunable = useMemo(() => model.layers.filter((layer) => layer.prunable), [model])
  const [all, setAll] = useState(prunable.length === 0)
  const columns = useMemo(() => columnsOf(plan, skipped ?? new Set(), onSkip), [plan, skipped, onSkip])
  const others = model.layers.length - prunable.length
  return (
    <div className='layers-table'>
      <DataTable label={`Layers of ${model.name}`} columns={columns} rows={all ? model.layers : prunable} idOf={nameOf} />
      {others > 0 && prunable.length > 0 && <Button size='small' kind='quiet' onPress={() => { setAll(!all) }}>{all ? 'Show only what can be pruned' : `Show ${countOf(others, 'other layer')}, and why`}</Button>}
    </div>
  )
}

const nameOf = ({ name }: Layer): string => name

function columnsOf (plan: Plan | undefined, skipped: ReadonlySet<string>, onSkip: LayersTableProps['onSkip']): Array<DataColumn<Layer>> {
  const planned = new Map(plan?.layers.map((layer) => [layer.name, layer]))
  return [
    { id: 'layer', name: 'Layer', isRowHeader: true, bare: true, cell: ({ name, type }) => <span className='layer-name'><span>{name}</span><span className='faint small'>{type}</span></span> },
    { id: 'shape', name: 'Output', cell: ({ shape }) => <span className='mono small layer-shape'>{shape === null ? '–' : shape.slice(1).map((size) => size ?? '?').join('×')}</span> },
    { id: 'weights', name: 'Prunable weights', isNumber: true, sortBy: ({ prunableWeights }) => prunableWeights, cell: ({ prunableWeights }) => prunableWeights === 0 ? '–' : count(prunableWeights) },
    { id: 'fate', name: plan === undefined ? 'Can be pruned' : 'Would be zero', cell: (layer) => <Fate layer={layer} planned={planned.get(layer.name)} isPlanned={plan !== undefined} /> },
    ...(onSkip === undefined
      ? []
      : [{
          id: 'skip',
          name: 'Leave alone',
          bare: true,
          cell: ({ name, prunable }: Layer) => prunable ? <Checkbox isSelected={skipped.has(name)} onChange={(skip) => { onSkip(name, skip) }}><span className='skip-word'>Leave <span className='hidden-text'>{name} </span>alone</span></Checkbox> : null,
        }]),
  ]
}

function Fate ({ layer: { prunable, reason, weights }, planned, isPlanned }: { readonly layer: Layer, readonly planned: PlanLayer | undefined, readonly isPlanned: boolean }) {
  const why = planned?.skipped ?? (prunable ? undefined : reason ?? (weights === 0 ? 'it has no weights' : 'nothing of it is pruned'))
  if (why !== undefined) return <span className='soft small layer-why'>{why}</span>
  if (!isPlanned) return <span className='layer-yes'>yes</span>
  if (planned === undefined || planned.weights === 0) return '–'
  if (planned.zeros === null) return <span className='soft small'>comes out when it runs</span>
  return <span>{percent(planned.zeros / planned.weights)} <span className='faint small'>{short(planned.zeros)}</span></span>
}
