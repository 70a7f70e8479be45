/** Downloads: a file by the browser itself, a text by the page, which says when that fails. */
import { useState, type ReactNode } from 'react'
import { send } from '../api/request.ts'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'
import { saveAs } from '../format/save.ts'
import { ProblemNote } from './problem-note.tsx'
import { Sheet } from './sheet.tsx'

/** Of an artifact at `address`; it may be large, so that the browser itself fetches it, with the cookie of the session. */
export function DownloadFile ({ address, label, children }: { readonly address: string, readonly label: string, readonly children: ReactNode }) {
  return <a className='button' href={address} download='' aria-label={label}><Icon name='download' />{children}</a>
}

/** Of something small that the API makes. */
export function DownloadText ({ address, name, size = 'small', children }: { readonly address: string, readonly name: string, readonly size?: 'small' | 'normal', readonly children: ReactNode }) {
  const fetchIt = async (): Promise<void> => {
    const answer = await send(address, { headers: { accept: '*/*' } })
    saveAs(await answer.blob(), name)
  }
  return <Download label={`Download ${name}`} size={size} fetchIt={fetchIt}>{children}</Download>
}

function Download ({ fetchIt, label, size = 'normal', children }: { readonly fetchIt: () => Promise<void>, readonly label: string, readonly size?: 'small' | 'normal', readonly children: ReactNode }) {
  const [error, setError] = useState<unknown>(null)
  const [pending, setPending] = useState(false)
  const start = (): void => {
    setPending(true)
    fetchIt().catch(setError).finally(() => { setPending(false) })
  }
  return (
    <>
      <Button icon='download' label={label} size={size} isPending={pending} onPress={start}>{children}</Button>
      <Sheet isOpen={error !== null} title='That did not work' onClose={() => { setError(null) }}><ProblemNote error={error} /></Sheet>
    </>
  )
}
