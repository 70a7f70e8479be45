/** Fields for the settings that a JSON schema describes, in its own words; those that are objects in themselves are left to the recipe's text. */
import type { Schema } from '../api/catalog.ts'
import { labelOf } from '../format/words.ts'
import { Checkbox } from './checkbox.tsx'
import { NumberInput } from './number-input.tsx'
import { Select } from './select.tsx'

export interface SchemaFieldsProps {
  readonly schema: Schema
  readonly value: Readonly<Record<string, unknown>>
  readonly onChange: (value: Record<string, unknown>) => void
  /** Only these, in this order. */
  readonly only?: readonly string[]
  /** What holds where a setting is left out. */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** By name of a setting, what is wrong with it. */
  readonly wrong?: (name: string) => string | undefined
}

export function SchemaFields ({ schema: { properties = {} }, value, onChange, only = Object.keys(properties), defaults = {}, wrong = () => undefined }: SchemaFieldsProps) {
  const set = (name: string, to: unknown): void => {
    const { [name]: _old, ...others } = value
    onChange(to === undefined ? others : { ...others, [name]: to })
  }
  const shown = only.flatMap((name): Array<[string, Schema]> => properties[name] === undefined || properties[name].const !== undefined ? [] : [[name, properties[name]]])
  return (
    <div className='fields'>
      {shown.map(([name, schema]) => (
        <Setting key={name} name={name} schema={schema} value={value[name]} preset={defaults[name]} wrong={wrong(name)} onChange={(to) => { set(name, to) }} />
      ))}
    </div>
  )
}

interface SettingProps { readonly name: string, readonly schema: Schema, readonly value: unknown, readonly preset: unknown, readonly wrong: string | undefined, readonly onChange: (value: unknown) => void }

function Setting ({ name, schema, value, preset, wrong, onChange }: SettingProps) {
  const label = labelOf(name)
  const hint = descriptionOf(schema) ?? ''
  const choices = schema.enum ?? schema.anyOf?.find((one) => one.enum !== undefined)?.enum
  if (choices !== undefined) {
    const chosen = typeof value === 'string' ? value : typeof preset === 'string' ? preset : choices[0] ?? ''
    return <div className='field'><Select label={label} choices={choices.map((id) => ({ id, name: id }))} value={chosen} onChange={onChange} /><span className='hint'>{hint}</span></div>
  }
  if (schema.type === 'boolean') return <Checkbox isSelected={(value ?? preset) === true} onChange={onChange}>{label}<span className='hint'>{hint}</span></Checkbox>
  return <NumberInput label={label} value={value} hint={hint} placeholder={preset === undefined || preset === null ? 'as the method does' : String(preset)} wrong={wrong} onChange={onChange} />
}

function descriptionOf ({ description, anyOf = [] }: Schema): string | undefined {
  if (description !== undefined) return description
  const all = anyOf.flatMap((one) => one.description === undefined ? [] : [one.description])
  return all.length === 0 ? undefined : all.join(', or ')
}
