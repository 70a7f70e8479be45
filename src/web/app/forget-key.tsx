/** A button that makes this browser forget its API key; there when it has one. */
import { useSyncExternalStore } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { forgetKey, keyState, onKeyChange } from '../api/key.ts'
import { Icon } from '../components/icon.tsx'

export function ForgetKey () {
  const { has } = useSyncExternalStore(onKeyChange, keyState)
  const client = useQueryClient()
  if (!has) return null
  const forget = (): void => {
    forgetKey()
    // Nothing of what the key showed stays in the page.
    client.clear()
    void client.resetQueries()
    location.reload()
  }
  return <button type='button' className='button quiet' onClick={forget}><Icon name='key' />Forget the key</button>
}
