/** A choice of one whose every possibility is in sight: as cards with a description, or side by side as segments. */
import { Label, Radio, RadioGroup } from 'react-aria-components/RadioGroup'
import './radio-cards.css'

export interface RadioChoice { readonly id: string, readonly name: string, readonly hint?: string, readonly isDisabled?: boolean }
export interface RadioCardsProps {
  readonly label: string
  readonly hideLabel?: boolean
  readonly choices: readonly RadioChoice[]
  /** Null: none of them yet. */
  readonly value: string | null
  readonly onChange: (value: string) => void
  readonly look?: 'cards' | 'segments'
}

export function RadioCards ({ label, hideLabel = false, choices, value, onChange, look = 'cards' }: RadioCardsProps) {
  return (
    <RadioGroup className='field' value={value} onChange={onChange}>
      <Label className={hideLabel ? 'hidden-text' : 'label'}>{label}</Label>
      <div className={`radio-${look}`}>
        {choices.map(({ id, name, hint, isDisabled = false }) => (
          <Radio key={id} value={id} className='radio' isDisabled={isDisabled}>
            <span className='radio-name'>{name}</span>
            {hint !== undefined && <span className='radio-hint'>{hint}</span>}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  )
}
