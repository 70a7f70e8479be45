/** Further steps behind the method: added by name, their settings as text, in an order that can be changed. */
import { useState } from 'react'
import type { StageEntry } from '../../api/catalog.ts'
import { Button } from '../../components/button.tsx'
import { Select } from '../../components/select.tsx'
import { TextArea } from '../../components/text-area.tsx'
import type { Draft } from './draft.ts'
import { wrongAt, type Fault } from './problems.ts'
import { added, moved, settingsText, stageOfText, stagesOf, withStages, type Stage } from './stages.ts'

const NONE = ''

export interface StagesFieldProps { readonly entries: readonly StageEntry[], readonly draft: Draft, readonly faults: readonly Fault[], readonly onDraft: (draft: Draft) => void }

export function StagesField ({ entries, draft, faults, onDraft }: StagesFieldProps) {
  const stages = stagesOf(draft)
  const set = (next: readonly Stage[]): void => { onDraft(withStages(draft, next)) }
  return (
    <div className='stack-tight'>
      {stages.length > 0 && (
        <ol className='stages'>
          {stages.map((stage, place) => (
            // Stages have nothing else by which to tell them apart; texts that are being written know whose they are.
            <StageEditor
              key={place} stage={stage} place={place} count={stages.length} entry={entries.find(({ name }) => name === stage['stage'])} wrong={wrongAt(faults, `/stages/${place}`)}
              onChange={(next) => { set(stages.with(place, next)) }} onMove={(to) => { set(moved(stages, place, to)) }} onRemove={() => { set(stages.filter((_, other) => other !== place)) }}
            />
          ))}
        </ol>
      )}
      <Select label='Add a stage' choices={[{ id: NONE, name: 'Add a stage' }, ...entries.map(({ name }) => ({ id: name, name }))]} hideLabel value={NONE} onChange={(name) => { if (name !== NONE) set(added(stages, name)) }} />
    </div>
  )
}

interface StageEditorProps {
  readonly stage: Stage
  readonly place: number
  readonly count: number
  readonly entry: StageEntry | undefined
  readonly wrong: string | undefined
  readonly onChange: (stage: Stage) => void
  readonly onMove: (to: number) => void
  readonly onRemove: () => void
}

function StageEditor ({ stage, place, count, entry, wrong, onChange, onMove, onRemove }: StageEditorProps) {
  /** What is being written, and the stage that it made: another stage makes another text. */
  const [written, setWritten] = useState<{ readonly text: string, readonly of: Stage, readonly wrong?: string } | null>(null)
  const current = written?.of === stage ? written : null
  const [name, text] = [String(stage['stage']), current?.text ?? settingsText(stage)]
  const title = `${place + 1}. ${name}`
  const change = (next: string): void => {
    try {
      const made = stageOfText(stage['stage'], next)
      setWritten({ text: next, of: made })
      onChange(made)
    } catch (error) {
      setWritten({ text: next, of: stage, wrong: (error as Error).message })
    }
  }
  const known = Object.keys(entry?.settings.properties ?? {})
  return (
    <li className='stage'>
      <div className='row spread'>
        <h3>{title}</h3>
        <div className='actions'>
          <Button size='small' icon='up' label={`Move ${title} up`} isDisabled={place === 0} onPress={() => { onMove(place - 1) }}>Up</Button>
          <Button size='small' icon='down' label={`Move ${title} down`} isDisabled={place === count - 1} onPress={() => { onMove(place + 1) }}>Down</Button>
          <Button size='small' icon='cross' label={`Remove ${title}`} onPress={onRemove}>Remove</Button>
        </div>
      </div>
      {entry !== undefined && <p className='soft small'>{entry.description}{known.length > 0 && <>; it takes {known.join(', ')}</>}.</p>}
      <TextArea label={`Settings of ${title}`} hideLabel value={text} rows={Math.min(16, text.split('\n').length + 1)} wrong={current?.wrong ?? wrong} onChange={change} />
    </li>
  )
}
