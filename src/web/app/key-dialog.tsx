/** Asks for an API key when the API wants one. */
import { useState, useSyncExternalStore } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { keepKey, keyState, onKeyChange } from '../api/key.ts'
import { Button } from '../components/button.tsx'
import { Checkbox } from '../components/checkbox.tsx'
import { Sheet } from '../components/sheet.tsx'
import { TextField } from '../components/text-field.tsx'

export function KeyDialog () {
  const { needed, has } = useSyncExternalStore(onKeyChange, keyState)
  const client = useQueryClient()
  const [key, setKey] = useState('')
  const [remember, setRemember] = useState(false)
  const save = (): void => {
    if (key.trim() === '') return
    keepKey(key.trim(), remember)
    setKey('')
    void client.resetQueries()
  }
  return (
    <Sheet isOpen={needed} title='An API key is needed'>
      <form onSubmit={(event) => { event.preventDefault(); save() }}>
        <p className='soft small'>{has ? 'The key that this browser has is not a right one, or not any more.' : 'This server answers only to who has a key.'} A key with the scopes read and write shows and does everything but keys and the record of actions.</p>
        <TextField label='API key' value={key} onChange={setKey} type='password' hint='Made on the server: npm run keys -- create --name browser --scopes read,write' />
        <Checkbox isSelected={remember} onChange={setRemember}>Remember it on this browser</Checkbox>
        <div className='actions'><Button kind='primary' type='submit'>Use this key</Button></div>
      </form>
    </Sheet>
  )
}
