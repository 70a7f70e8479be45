/** Which actions are shown; the address keeps it. */
import { Button } from '../../components/button.tsx'
import { Select } from '../../components/select.tsx'
import { TextField } from '../../components/text-field.tsx'

/** Filters that are texts, by their names in the API. */
export const NAMES = ['actor', 'action', 'target'] as const

const FIELDS = { actor: ['Who', 'Id of a key, or environment, keyless, unknown'], action: ['Action', 'Such as deleteModel, or authenticate'], target: ['On what', 'Id of a model, a job, a key'] } as const satisfies Record<typeof NAMES[number], readonly [string, string]>

const ALWAYS = ''
const TIMES = [{ id: ALWAYS, name: 'At any time' }, { id: '1', name: 'In the last hour' }, { id: '24', name: 'In the last day' }, { id: '168', name: 'In the last week' }, { id: '720', name: 'In the last 30 days' }] as const

export function AuditFiltersBar ({ search, onChange }: { readonly search: URLSearchParams, readonly onChange: (search: URLSearchParams) => void }) {
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search)
    if (value === '') next.delete(name)
    else next.set(name, value)
    onChange(next)
  }
  return (
    <div className='audit-filters' role='search'>
      {NAMES.map((name) => <TextField key={name} label={FIELDS[name][0]} hint={FIELDS[name][1]} value={search.get(name) ?? ''} onChange={(value) => { set(name, value.trim()) }} />)}
      <Select label='When' choices={TIMES} value={TIMES.find(({ id }) => id === search.get('since'))?.id ?? ALWAYS} onChange={(hours) => { set('since', hours) }} />
      {search.size > 0 && <Button kind='quiet' icon='cross' onPress={() => { onChange(new URLSearchParams()) }}>Show everything</Button>}
    </div>
  )
}
