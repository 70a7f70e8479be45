/** The recipe as text, as JSON or YAML: to copy, and to write what has no field. */
import { useState } from 'react'
import { CopyButton } from '../../components/copy-button.tsx'
import { RadioCards } from '../../components/radio-cards.tsx'
import { TextArea } from '../../components/text-area.tsx'
import type { Draft } from './draft.ts'
import { draftOf, textOf, type RecipeForm } from './recipe-text.ts'

const CHOICES = [{ id: 'json', name: 'JSON' }, { id: 'yaml', name: 'YAML' }]

export interface RecipeEditorProps { readonly draft: Draft, readonly wrong: string | undefined, readonly onDraft: (draft: Draft) => void }

export function RecipeEditor ({ draft, wrong, onDraft }: RecipeEditorProps) {
  const [form, setForm] = useState<RecipeForm>('json')
  /** What is being written, and the draft that it made: another draft makes another text. */
  const [written, setWritten] = useState<{ readonly text: string, readonly of: Draft, readonly wrong?: string } | null>(null)
  const current = written !== null && written.of === draft ? written : null
  const text = current?.text ?? textOf(draft, form)
  const change = (next: string): void => {
    try {
      const made = draftOf(next, form)
      setWritten({ text: next, of: made })
      onDraft(made)
    } catch (error) {
      setWritten({ text: next, of: draft, wrong: (error as Error).message })
    }
  }
  return (
    <div className='stack-tight'>
      <div className='row spread'>
        <RadioCards label='Form of the text' hideLabel look='segments' choices={CHOICES} value={form} onChange={(chosen) => { setWritten(null); setForm(chosen as RecipeForm) }} />
        <CopyButton text={text} label={`Copy the recipe as ${form === 'json' ? 'JSON' : 'YAML'}`} />
      </div>
      <TextArea label={`Recipe as ${form === 'json' ? 'JSON' : 'YAML'}`} hideLabel value={text} rows={Math.min(24, Math.max(5, text.split('\n').length + 1))} wrong={current?.wrong ?? wrong} onChange={change} />
    </div>
  )
}
