/** What is asked of the pruned model: the kind of target, its number, or several numbers for a sweep. */
import type { Catalog, MethodEntry, Schema } from '../../api/catalog.ts'
import { Checkbox } from '../../components/checkbox.tsx'
import { NumberInput } from '../../components/number-input.tsx'
import { SchemaFields } from '../../components/schema-fields.tsx'
import { Select } from '../../components/select.tsx'
import { TextField } from '../../components/text-field.tsx'
import { firstTarget, partOf, targetKindOf, type Draft } from './draft.ts'
import { wrongAt, type Fault } from './problems.ts'
import { KIND_WORDS, readable } from './target-words.ts'

/** Settings that go beside the number of a kind. */
const BESIDES: Readonly<Record<string, string>> = { threshold: 'unit', bytes: 'as' }

export interface TargetFieldProps {
  readonly catalog: Catalog
  readonly method: MethodEntry
  readonly draft: Draft
  readonly faults: readonly Fault[]
  /** Text with the values of a sweep; null: one run. */
  readonly sweep: string | null
  readonly sweepWrong: string | undefined
  readonly onTarget: (target: Record<string, unknown>) => void
  readonly onSweep: (values: string | null) => void
}

export function TargetField ({ catalog, method, draft, faults, sweep, sweepWrong, onTarget, onSweep }: TargetFieldProps) {
  const target = partOf(draft, 'target')
  const kind = targetKindOf(draft, catalog) ?? method.targets[0]!
  const entry = catalog.targets.find(({ name }) => name === kind)
  const value = target[kind]
  const beside = BESIDES[kind]
  const choices = method.targets.map((name) => ({ id: name, name: KIND_WORDS[name] ?? name }))
  return (
    <div className='stack-tight'>
      <div className='fields'>
        <div className='field'>
          <Select label='Kind of target' choices={choices} value={kind} onChange={(next) => { onTarget(firstTarget(next)); onSweep(null) }} />
          <span className='hint'>{entry?.description}</span>
        </div>
        {sweep === null
          ? <NumberInput label={KIND_WORDS[kind] ?? kind} value={value} hint={[readable(kind, value), entry?.schema.description].filter((part) => part !== undefined).join(' · ')} wrong={wrongAt(faults, '/target')} onChange={(next) => { onTarget({ ...target, [kind]: next }) }} />
          : <TextField label='Values to try' value={sweep} hint='Numbers with commas between them: each becomes a run of its own' wrong={sweepWrong ?? wrongAt(faults, '/target')} onChange={onSweep} />}
        {beside !== undefined && <SchemaFields schema={method.parameters['target'] as Schema} only={[beside]} value={target} wrong={(name) => wrongAt(faults, `/target/${name}`)} onChange={onTarget} />}
      </div>
      {sweep === null && isShare(entry?.schema) && <input className='slider' type='range' min='0' max='0.99' step='0.01' aria-label={`${KIND_WORDS[kind] ?? kind}, as a slider`} value={typeof value === 'number' ? value : 0} onChange={(event) => { onTarget({ ...target, [kind]: Number(event.currentTarget.value) }) }} />}
      <Checkbox isSelected={sweep !== null} onChange={(on) => { onSweep(on ? severalFrom(kind, value) : null) }}>Sweep: try several values, and compare what they cost</Checkbox>
    </div>
  )
}

function isShare (schema: Schema | undefined): boolean {
  return schema !== undefined && (schema.exclusiveMaximum === 1 || schema.maximum === 1)
}

/** Values worth a look around the one there is. */
function severalFrom (kind: string, value: unknown): string {
  if (kind === 'sparsity') return '0.5, 0.7, 0.8, 0.9, 0.95'
  if (kind === 'channels' || kind === 'latency' || kind === 'macs' || kind === 'params') return '0.25, 0.5, 0.75'
  return typeof value === 'number' ? [value / 2, value, value * 2].map((one) => Number(one.toPrecision(3))).join(', ') : ''
}
