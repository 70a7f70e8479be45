/** A box to tick. */
import type { ReactNode } from 'react'
import { Checkbox as AriaCheckbox } from 'react-aria-components/Checkbox'
import { Icon } from './icon.tsx'

export interface CheckboxProps { readonly isSelected: boolean, readonly onChange: (isSelected: boolean) => void, readonly isDisabled?: boolean, readonly children: ReactNode }

export function Checkbox ({ isSelected, onChange, isDisabled = false, children }: CheckboxProps) {
  return (
    <AriaCheckbox className='check' isDisabled={isDisabled} isSelected={isSelected} onChange={onChange}>
      <span className='check-box'><Icon name='check' /></span>
      {children}
    </AriaCheckbox>
  )
}
