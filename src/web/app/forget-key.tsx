/** A button that ends the session of this browser; there when it has one. */
import { useSyncExternalStore } from 'react'
import { endSession, onSessionChange, sessionState } from '../api/session.ts'
import { Icon } from '../components/icon.tsx'

export function ForgetKey () {
  const { has } = useSyncExternalStore(onSessionChange, sessionState)
  if (!has) return null
  return <button type='button' className='button quiet' onClick={() => { void endSession() }}><Icon name='key' />Forget the key</button>
}
