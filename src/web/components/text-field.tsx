/** A line of text to fill in, with what is wrong about it. */
import { FieldError } from 'react-aria-components/FieldError'
import { Input, Label, Text, TextField as AriaTextField } from 'react-aria-components/TextField'

export interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly type?: 'text' | 'password' | 'number' | 'search'
  readonly hint?: string
  /** What holds while nothing is written. */
  readonly placeholder?: string | undefined
  /** What is wrong; absent: nothing. */
  readonly wrong?: string | undefined
}

export function TextField ({ label, value, onChange, type = 'text', hint, placeholder, wrong }: TextFieldProps) {
  return (
    <AriaTextField className='field' value={value} onChange={onChange} type={type} isInvalid={wrong !== undefined} autoComplete='off'>
      <Label>{label}</Label>
      <Input className='input' {...(placeholder !== undefined && { placeholder })} />
      {hint !== undefined && <Text slot='description' className='hint'>{hint}</Text>}
      <FieldError className='wrong'>{wrong}</FieldError>
    </AriaTextField>
  )
}
