/** The model or the data set of a run: one that is dropped here, or one that is stored. */
import { useState } from 'react'
import type { FileKind, Stored } from '../../api/upload.ts'
import { Button } from '../../components/button.tsx'
import { FileDrop } from '../../components/file-drop.tsx'
import { Icon } from '../../components/icon.tsx'
import { Select } from '../../components/select.tsx'
import { bytes } from '../../format/numbers.ts'

const WORDS = { models: { title: 'Model', one: 'model', icon: 'model' }, datasets: { title: 'Data set', one: 'data set', icon: 'data' } } as const
const NONE = ''

export interface FileChoiceProps<K extends FileKind> {
  readonly kind: K
  readonly stored: ReadonlyArray<Stored[K]>
  readonly chosen: Stored[K] | undefined
  readonly facts: (file: Stored[K]) => string
  readonly onChoose: (id: string | undefined) => void
  readonly optional?: boolean
}

export function FileChoice<K extends FileKind> ({ kind, stored, chosen, facts, onChoose, optional = false }: FileChoiceProps<K>) {
  const { title, one, icon } = WORDS[kind]
  const [other, setOther] = useState(false)
  const choose = (id: string | undefined): void => {
    setOther(false)
    onChoose(id)
  }
  const choices = [{ id: NONE, name: `Choose a stored ${one}` }, ...stored.map(({ id, name, bytes: size }) => ({ id, name, hint: bytes(size) }))]
  return (
    <section className='file-choice' aria-label={title}>
      <h3>{title}{optional && <span className='faint'> (optional)</span>}</h3>
      {chosen !== undefined && !other
        ? (
          <div className='file-chosen'>
            <Icon name={icon} />
            <div>
              <p className='file-name'>{chosen.name}</p>
              <p className='soft small'>{facts(chosen)}</p>
            </div>
            <Button size='small' label={`Change the ${one}`} onPress={() => { setOther(true) }}>Change</Button>
          </div>
          )
        : (
          <>
            <FileDrop kind={kind} onStored={({ id }) => { choose(id) }} />
            <div className='row'>
              {stored.length > 0 && <Select label={`Stored ${one}`} hideLabel choices={choices} value={NONE} onChange={(id) => { if (id !== NONE) choose(id) }} />}
              {chosen !== undefined && <Button kind='quiet' onPress={() => { setOther(false) }}>Keep {chosen.name}</Button>}
              {chosen !== undefined && optional && <Button kind='quiet' onPress={() => { choose(undefined) }}>Use none</Button>}
            </div>
          </>
          )}
    </section>
  )
}
