/** Training, and behind "More settings" the schedule, the method's own options and the rest, where the method takes them. */
import type { MethodEntry, Schema } from '../../api/catalog.ts'
import { Checkbox } from '../../components/checkbox.tsx'
import { SchemaFields } from '../../components/schema-fields.tsx'
import { partOf, withKey, type Draft } from './draft.ts'
import { wrongAt, type Fault } from './problems.ts'

interface Group { readonly key: string, readonly title: string, readonly only?: readonly string[], readonly defaults?: Readonly<Record<string, unknown>> }

const TRAINING: Group = { key: 'training', title: 'Training', only: ['epochs', 'batchSize', 'optimizer', 'validation'], defaults: { epochs: 5, batchSize: 128, optimizer: 'adam', validation: 0 } }
const GROUPS: readonly Group[] = [
  { key: 'schedule', title: 'Schedule', only: ['type', 'begin', 'end', 'every'], defaults: { type: 'polynomial' } },
  { key: 'options', title: 'Options of the method' },
  { key: 'search', title: 'Search' },
]

export interface MoreFieldsProps {
  readonly method: MethodEntry
  readonly draft: Draft
  readonly faults: readonly Fault[]
  /** Is a number tried that meets the target? */
  readonly searches: boolean
  readonly onDraft: (draft: Draft) => void
}

export function MoreFields ({ searches, ...props }: MoreFieldsProps) {
  const { method: { parameters }, draft, faults, onDraft } = props
  const groups = GROUPS.filter(({ key }) => parameters[key] !== undefined && (key !== 'search' || searches))
  const wrongInside = [...groups.map(({ key }) => key), 'seed', 'shrink'].some((key) => wrongAt(faults, `/${key}`) !== undefined)
  return (
    <div className='stack-tight'>
      {parameters['training'] !== undefined && <GroupFields {...props} group={TRAINING} />}
      <details className='more' {...(wrongInside && { open: true })}>
        <summary>More settings</summary>
        <div className='stack-tight'>
          {groups.map((group) => <GroupFields key={group.key} {...props} group={group} />)}
          <fieldset>
            <legend>Besides</legend>
            <div className='fields'>
              <SchemaFields schema={{ properties: { seed: parameters['seed'] as Schema } }} value={draft} defaults={{ seed: 1 }} wrong={() => wrongAt(faults, '/seed')} onChange={(value) => { onDraft(withKey(draft, 'seed', value['seed'])) }} />
              {parameters['shrink'] !== undefined && <Checkbox isSelected={draft['shrink'] === true} onChange={(on) => { onDraft(withKey(draft, 'shrink', on ? true : undefined)) }}>Take channels that died whole out of the model</Checkbox>}
            </div>
          </fieldset>
        </div>
      </details>
    </div>
  )
}

function GroupFields ({ group: { key, title, only, defaults }, method: { parameters }, draft, faults, onDraft }: Omit<MoreFieldsProps, 'searches'> & { readonly group: Group }) {
  const schema = parameters[key]!
  const here = faults.find(({ path }) => path === `/${key}`)?.message
  return (
    <fieldset>
      <legend>{title}</legend>
      <SchemaFields
        schema={schema} value={partOf(draft, key)} {...(only !== undefined && { only })} defaults={defaults ?? schema.default as Record<string, unknown> | undefined ?? {}}
        wrong={(name) => wrongAt(faults, `/${key}/${name}`)} onChange={(value) => { onDraft(withKey(draft, key, value)) }}
      />
      {here !== undefined && <p className='wrong-line'>{here}</p>}
    </fieldset>
  )
}
