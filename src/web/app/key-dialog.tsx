/** Asks for an API key when the API wants one; it is sent once, and kept nowhere in the page. */
import { useEffect, useState, useSyncExternalStore } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Problem } from '../api/problem.ts'
import { beginSession, onSessionChange, sessionKnown, sessionState } from '../api/session.ts'
import { Button } from '../components/button.tsx'
import { Checkbox } from '../components/checkbox.tsx'
import { Sheet } from '../components/sheet.tsx'
import { TextField } from '../components/text-field.tsx'

export function KeyDialog () {
  const { needed } = useSyncExternalStore(onSessionChange, sessionState)
  const client = useQueryClient()
  const [key, setKey] = useState('')
  const [remember, setRemember] = useState(false)
  useEffect(() => { void sessionKnown() }, [])
  const begin = useMutation({
    mutationFn: async () => { await beginSession(key.trim(), remember) },
    onSuccess: () => {
      setKey('')
      void client.resetQueries()
    },
    onError: () => { setKey('') },
  })
  return (
    <Sheet isOpen={needed} title='An API key is needed'>
      <form noValidate onSubmit={(event) => { event.preventDefault(); if (key.trim() !== '') begin.mutate() }}>
        <p className='soft small'>This server answers only to who has a key. A key with the scopes read and write shows and does everything but keys and the record of actions.</p>
        <TextField label='API key' value={key} onChange={(next) => { begin.reset(); setKey(next) }} type='password' hint='Made on the server: npm run keys -- create --name browser --scopes read,write' wrong={begin.error === null ? undefined : Problem.from(begin.error).document.detail} />
        <Checkbox isSelected={remember} onChange={setRemember}>Remember this browser for 30 days</Checkbox>
        <div className='actions'><Button kind='primary' type='submit' isPending={begin.isPending}>Use this key</Button></div>
      </form>
    </Sheet>
  )
}
