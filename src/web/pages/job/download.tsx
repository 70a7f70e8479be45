/** Downloads: a file by a link that is signed where the API wants a key, a text straight away. */
import { useState, type ReactNode } from 'react'
import { storedKey } from '../../api/key.ts'
import { request, send } from '../../api/request.ts'
import { Button } from '../../components/button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Sheet } from '../../components/sheet.tsx'

/** Of an artifact at `address`; it may be large, so that the browser itself fetches it. */
export function DownloadFile ({ address, label, children }: { readonly address: string, readonly label: string, readonly children: ReactNode }) {
  return <Download label={label} fetchIt={async () => { save(storedKey() === null ? address : (await request<{ url: string }>(`${address}/link`, { method: 'POST' })).url, '') }}>{children}</Download>
}

/** Of something small that the API makes. */
export function DownloadText ({ address, name, children }: { readonly address: string, readonly name: string, readonly children: ReactNode }) {
  const fetchIt = async (): Promise<void> => {
    const url = URL.createObjectURL(await (await send(address, { headers: { accept: '*/*' } })).blob())
    save(url, name)
    URL.revokeObjectURL(url)
  }
  return <Download label={`Download ${name}`} size='small' fetchIt={fetchIt}>{children}</Download>
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

function save (url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
}
