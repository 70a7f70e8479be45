/** Copies a text, and says that it has. */
import { useEffect, useState } from 'react'
import { Button } from './button.tsx'

const SAID_MS = 2000

export function CopyButton ({ text, label }: { readonly text: string, readonly label: string }) {
  const [said, setSaid] = useState<'' | 'Copied' | 'Select it by hand'>('')
  useEffect(() => {
    if (said === '') return
    const end = setTimeout(() => { setSaid('') }, SAID_MS)
    return () => { clearTimeout(end) }
  }, [said])
  const copy = (): void => {
    // Browsers offer the clipboard to pages on https and loopback alone.
    const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('there is no clipboard'))
    written.then(() => { setSaid('Copied') }, () => { setSaid('Select it by hand') })
  }
  return (
    <>
      <Button size='small' icon={said === 'Copied' ? 'check' : 'copy'} label={said === '' ? label : said} onPress={copy}>{said === '' ? 'Copy' : said}</Button>
      <span className='hidden-text' role='status'>{said}</span>
    </>
  )
}
