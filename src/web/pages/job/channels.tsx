/** Channels that were taken out: the network drawn with what goes together, and a table of the groups. */
import { useState } from 'react'
import type { Receipt } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { DataTable, type DataColumn } from '../../components/data-table.tsx'
import { count } from '../../format/numbers.ts'
import { ChannelNetwork } from './channel-network.tsx'

type Structure = NonNullable<Receipt['structure']>
type Group = Structure['groups'][number]

const COLUMNS: ReadonlyArray<DataColumn<Group>> = [
  { id: 'group', name: 'Group', isRowHeader: true, bare: true, cell: ({ name, kept }) => <div className='layer-name'><span>{name}</span>{kept !== undefined && <span className='faint small'>{kept.join('; ')}</span>}</div> },
  { id: 'layers', name: 'Layers that know of them', bare: true, cell: ({ layers }) => <span className='soft small'>{layers.join(', ')}</span> },
  { id: 'before', name: 'Before', isNumber: true, sortBy: ({ before }) => before, cell: ({ before }) => count(before) },
  { id: 'after', name: 'After', isNumber: true, sortBy: ({ after }) => after, cell: ({ after }) => count(after) },
  { id: 'gone', name: 'Gone', isNumber: true, sortBy: ({ before, after }) => before - after, cell: ({ before, after }) => count(before - after) },
]

const idOf = ({ name }: Group): string => name

/** `order`: names of the model's layers, as they come in it. */
export function Channels ({ structure: { channels, groups }, order }: { readonly structure: Structure, readonly order: readonly string[] }) {
  const [chosen, setChosen] = useState<string | null>(null)
  return (
    <Card title='Channels' note={`${count(channels.before - channels.after)} of ${count(channels.before)} channels were taken out (${count(channels.removable)} might have gone). Each layer is as wide as its channels, the filled part is what is left; layers on one line lose the same channels.`}>
      <div className='channels'>
        <ChannelNetwork groups={groups} order={order} chosen={chosen} onChoose={setChosen} />
        <DataTable label='Groups of channels' columns={COLUMNS} rows={groups} idOf={idOf} />
      </div>
    </Card>
  )
}
