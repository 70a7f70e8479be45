/** A button that makes this browser forget its API key; there when it has one. */
import { useSyncExternalStore } from 'react'
import { forgetKey, keyState, onKeyChange } from '../api/key.ts'
import { Icon } from '../components/icon.tsx'

/** Nothing of what the key showed stays in the page. */
export function forget (): void {
  forgetKey()
  location.reload()
}

export function ForgetKey () {
  const { has } = useSyncExternalStore(onKeyChange, keyState)
  if (!has) return null
  return <button type='button' className='button quiet' onClick={forget}><Icon name='key' />Forget the key</button>
}
