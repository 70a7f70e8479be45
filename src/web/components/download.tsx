/** Downloads: a file by a link that is signed where the API wants a key, a text straight away. */
import { useState, type ReactNode } from 'react'
import { storedKey } from '../api/key.ts'
import { request, send } from '../api/request.ts'
import { Button } from './button.tsx'
import { saveAs } from '../format/save.ts'
import { ProblemNote } from './problem-note.tsx'
import { Sheet } from './sheet.tsx'

/** Of an artifact at `address`; it may be large, so that the browser itself fetches it. */
export function DownloadFile ({ address, label, children }: { readonly address: string, readonly label: string, readonly children: ReactNode }) {
  return <Download label={label} fetchIt={async () => { follow(storedKey() === null ? address : (await request<{ url: string }>(`${address}/link`, { method: 'POST' })).url) }}>{children}</Download>
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

/** Its answer says that it is a file to keep, and how it is called. */
function follow (address: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = ''
  link.click()
}
