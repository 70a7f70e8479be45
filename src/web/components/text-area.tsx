/** Several lines of code to write, with what is wrong about them. */
import { FieldError } from 'react-aria-components/FieldError'
import { TextArea as AriaTextArea } from 'react-aria-components/TextArea'
import { Label, TextField } from 'react-aria-components/TextField'

export interface TextAreaProps { readonly label: string, readonly hideLabel?: boolean, readonly value: string, readonly rows: number, readonly wrong?: string | undefined, readonly onChange: (value: string) => void }

export function TextArea ({ label, hideLabel = false, value, rows, wrong, onChange }: TextAreaProps) {
  return (
    <TextField className='field' value={value} onChange={onChange} isInvalid={wrong !== undefined}>
      <Label className={hideLabel ? 'hidden-text' : 'label'}>{label}</Label>
      <AriaTextArea className='input mono' rows={rows} spellCheck={false} autoComplete='off' />
      <FieldError className='wrong'>{wrong}</FieldError>
    </TextField>
  )
}
