/** Which jobs are shown: by state and by model; the address keeps it. */
import type { JobFilters } from '../../api/jobs.ts'
import type { JobState, Model } from '../../api/types.ts'
import { Button } from '../../components/button.tsx'
import { Select } from '../../components/select.tsx'
import { STATE_WORDS } from '../../format/words.ts'

const ALL = ''
const STATES = [{ id: ALL, name: 'Every state' }, ...Object.entries(STATE_WORDS).map(([id, name]) => ({ id, name }))]

export interface JobFiltersBarProps {
  readonly filters: JobFilters
  readonly models: readonly Model[]
  readonly onChange: (search: Record<string, string>) => void
}

export function JobFiltersBar ({ filters, models, onChange }: JobFiltersBarProps) {
  const { state = ALL, model = ALL, sweep } = filters
  const change = (changes: Partial<Record<keyof JobFilters, string>>): void => {
    const all = Object.entries({ ...filters, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ALL)
    onChange(Object.fromEntries(all))
  }
  const known = models.some(({ id }) => id === model) || model === ALL
  const choices = [{ id: ALL, name: 'Every model' }, ...models.map(({ id, name, createdAt }) => ({ id, name, hint: createdAt.slice(0, 10) })), ...(known ? [] : [{ id: model, name: model }])]
  return (
    <div className='row' role='group' aria-label='Filters'>
      <Select label='State' hideLabel choices={STATES} value={state} onChange={(chosen) => { change({ state: chosen as JobState | '' }) }} />
      <Select label='Model' hideLabel choices={choices} value={model} onChange={(chosen) => { change({ model: chosen }) }} />
      {sweep !== undefined && <Button size='small' icon='cross' label='Show jobs of all sweeps' onPress={() => { change({ sweep: ALL }) }}>Sweep {sweep}</Button>}
    </div>
  )
}
