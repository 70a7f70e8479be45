/** What is removed together, by what measure, and who competes: only what goes with the method and with each other is offered. */
import type { Catalog, Entry, MethodEntry, RankingEntry } from '../../api/catalog.ts'
import { SchemaFields } from '../../components/schema-fields.tsx'
import { Select } from '../../components/select.tsx'
import { criteriaFor, granularityOf, partOf, scopesFor, withKey, type Draft } from './draft.ts'
import { wrongAt, type Fault } from './problems.ts'

/** Settings that a granularity begins with. */
const FIRST: Readonly<Record<string, object>> = { 'n:m': { n: 2, m: 4 }, block: { rows: 4, columns: 4 } }
const PRESET = ''

export interface RankingFieldsProps { readonly catalog: Catalog, readonly method: MethodEntry, readonly draft: Draft, readonly faults: readonly Fault[], readonly onDraft: (draft: Draft) => void }

export function RankingFields ({ catalog, method, draft, faults, onDraft }: RankingFieldsProps) {
  const { parameters, granularities } = method
  const type = granularityOf(draft, method, catalog)
  const granularity = catalog.granularities.find(({ name }) => name === type)
  const units = granularities.flatMap((name) => catalog.granularities.filter((one) => one.name === name))
  const set = (key: string) => (value: string): void => { onDraft(withKey(draft, key, value === PRESET ? undefined : value)) }
  return (
    <div className='fields'>
      {parameters['granularity'] !== undefined && units.length > 1 && (
        <Described label='What goes together' entries={units} value={type} wrong={wrongAt(faults, '/granularity')} onChange={(name) => { onDraft(withKey(draft, 'granularity', name === granularities[0] ? undefined : { type: name, ...FIRST[name] })) }} />
      )}
      {granularity !== undefined && type !== 'weight' && Object.keys(granularity.settings.properties ?? {}).length > 1 && (
        <SchemaFields schema={granularity.settings} value={partOf(draft, 'granularity')} wrong={(name) => wrongAt(faults, `/granularity/${name}`)} onChange={(value) => { onDraft(withKey(draft, 'granularity', value)) }} />
      )}
      {parameters['criterion'] !== undefined && (
        <Described label='Criterion' entries={criteriaFor(draft, method, catalog)} value={String(draft['criterion'] ?? method.criteria?.[0] ?? '')} wrong={wrongAt(faults, '/criterion')} onChange={set('criterion')} />
      )}
      {parameters['scope'] !== undefined && (
        <Described label='Who competes' entries={scopesFor(draft, method, catalog)} preset='as the method does' value={String(draft['scope'] ?? PRESET)} wrong={wrongAt(faults, '/scope')} onChange={set('scope')} />
      )}
    </div>
  )
}

interface DescribedProps { readonly label: string, readonly entries: ReadonlyArray<Entry | RankingEntry>, readonly value: string, readonly preset?: string, readonly wrong: string | undefined, readonly onChange: (name: string) => void }

function Described ({ label, entries, value, preset, wrong, onChange }: DescribedProps) {
  const entry = entries.find(({ name }) => name === value)
  const choices = [...(preset === undefined ? [] : [{ id: PRESET, name: preset }]), ...entries.map((one) => ({ id: one.name, name: one.name, ...('needsData' in one && one.needsData && { hint: 'looks at data' }) }))]
  return (
    <div className='field'>
      <Select label={label} choices={choices} value={value} onChange={onChange} />
      <span className='hint'>{entry?.description ?? 'left to the method'}</span>
      {wrong !== undefined && <span className='wrong'>{wrong}</span>}
    </div>
  )
}
