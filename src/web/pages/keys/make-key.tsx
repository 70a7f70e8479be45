/** Makes a key: a name, what it may do, when it ends. */
import { useState } from 'react'
import { useMakeKey, type NewApiKey } from '../../api/keys.ts'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/checkbox.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Select } from '../../components/select.tsx'
import { Sheet } from '../../components/sheet.tsx'
import { TextField } from '../../components/text-field.tsx'

const SCOPES = { read: 'read, plan and download', write: 'upload, submit, pause, cancel and delete', admin: 'make and revoke keys, read the record of actions' } as const
const DAY_MS = 86_400_000
const ENDS = [{ id: '30', name: 'In 30 days' }, { id: '90', name: 'In 90 days' }, { id: '365', name: 'In a year' }, { id: 'never', name: 'Never' }] as const

export function MakeKey ({ onMade }: { readonly onMade: (key: NewApiKey) => void }) {
  const [isOpen, setOpen] = useState(false)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly string[]>(['read', 'write'])
  const [ends, setEnds] = useState<typeof ENDS[number]['id']>('90')
  const make = useMakeKey()
  const close = (): void => {
    setOpen(false)
    make.reset()
  }
  const submit = (): void => {
    const expiresAt = ends === 'never' ? null : new Date(Date.now() + Number(ends) * DAY_MS).toISOString()
    make.mutate({ name: name.trim(), scopes, expiresAt }, { onSuccess: (key) => { close(); setName(''); onMade(key) } })
  }
  return (
    <>
      <Button kind='primary' icon='plus' onPress={() => { setOpen(true) }}>New key</Button>
      <Sheet isOpen={isOpen} title='A new key' onClose={close}>
        <form onSubmit={(event) => { event.preventDefault(); submit() }}>
          <TextField label='Name' value={name} onChange={setName} hint='Who or what will use it' />
          <fieldset className='choices'>
            <legend>It may</legend>
            {Object.entries(SCOPES).map(([scope, words]) => (
              <Checkbox key={scope} isSelected={scopes.includes(scope)} onChange={(on) => { setScopes(on ? [...scopes, scope] : scopes.filter((one) => one !== scope)) }}><span><strong>{scope}</strong>: {words}</span></Checkbox>
            ))}
          </fieldset>
          <Select label='It ends' choices={ENDS} value={ends} onChange={setEnds} />
          {make.error !== null && <ProblemNote error={make.error} />}
          <div className='actions'>
            <Button kind='primary' type='submit' isDisabled={name.trim() === '' || scopes.length === 0} isPending={make.isPending}>Make the key</Button>
            <Button onPress={close}>Not now</Button>
          </div>
        </form>
      </Sheet>
    </>
  )
}
