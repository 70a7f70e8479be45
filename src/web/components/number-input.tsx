/** A number to type. What is no number is given on as it was typed: the server says what is wrong with it. */
import { useState } from 'react'
import { TextField } from './text-field.tsx'

export interface NumberInputProps {
  readonly label: string
  /** Undefined: the default holds. */
  readonly value: unknown
  readonly onChange: (value: unknown) => void
  readonly hint?: string
  readonly placeholder?: string | undefined
  readonly wrong?: string | undefined
}

export function NumberInput ({ value, onChange, ...rest }: NumberInputProps) {
  const [typed, setTyped] = useState('')
  // "0." is 0 on the way to 0.5: what was typed stays as long as it means the value.
  const text = Object.is(valueOf(typed), value) ? typed : textOf(value)
  const change = (next: string): void => {
    setTyped(next)
    onChange(valueOf(next))
  }
  return <TextField {...rest} value={text} onChange={change} />
}

function valueOf (text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const number = Number(trimmed)
  return Number.isFinite(number) ? number : trimmed
}

function textOf (value: unknown): string {
  return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
