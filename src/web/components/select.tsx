/** A choice of one out of several. */
import { Button } from 'react-aria-components/Button'
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox'
import { Popover } from 'react-aria-components/Popover'
import { Label, Select as AriaSelect, SelectValue } from 'react-aria-components/Select'
import { Icon } from './icon.tsx'

export interface Choice<T extends string> { readonly id: T, readonly name: string, readonly hint?: string }
export interface SelectProps<T extends string> {
  readonly label: string
  /** The label is for screen readers alone. */
  readonly hideLabel?: boolean
  readonly choices: ReadonlyArray<Choice<T>>
  readonly value: T
  readonly onChange: (value: T) => void
}

export function Select<T extends string> ({ label, hideLabel = false, choices, value, onChange }: SelectProps<T>) {
  const choose = (key: unknown): void => {
    const chosen = choices.find(({ id }) => id === key)
    if (chosen !== undefined) onChange(chosen.id)
  }
  return (
    <AriaSelect className='field' value={value} onChange={choose}>
      <Label className={hideLabel ? 'hidden-text' : 'label'}>{label}</Label>
      <Button className='button select'><SelectValue /><Icon name='down' /></Button>
      <Popover className='popover'>
        <ListBox className='options' items={choices}>
          {({ id, name, hint }) => (
            <ListBoxItem id={id} className='option' textValue={name}>{name}{hint !== undefined && <span className='faint'>{hint}</span>}</ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  )
}
