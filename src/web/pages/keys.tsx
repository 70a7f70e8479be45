/** The page of API keys: all of the tenant, making, rotating and revoking them, and what the tenant uses. */
import { useMemo, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { keysQuery, meQuery, type ApiKey, type NewApiKey } from '../api/keys.ts'
import { DataTable, type DataColumn } from '../components/data-table.tsx'
import { Empty } from '../components/empty.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { Time } from '../components/time.tsx'
import { ToldOnce } from '../components/told-once.tsx'
import { Waiting } from '../components/waiting.tsx'
import { KeyActions } from './keys/key-actions.tsx'
import { MakeKey } from './keys/make-key.tsx'
import { UsageCard } from './keys/usage.tsx'
import './keys/keys.css'

export default function KeysPage () {
  const keys = useQuery(keysQuery)
  const me = useQuery(meQuery)
  const [made, setMade] = useState<NewApiKey | null>(null)
  const columns = useMemo(() => columnsOf(setMade), [])
  const rows = keys.data?.items
  return (
    <>
      <PageHead title='API keys' about='Who may ask this service, and for what.'>
        {rows !== undefined && <MakeKey onMade={setMade} />}
      </PageHead>
      <div className='stack'>
        {me.data !== undefined && <UsageCard me={me.data} />}
        {keys.error !== null && <ProblemNote error={keys.error} onRetry={() => { void keys.refetch() }} />}
        {rows === undefined && keys.error === null && <Waiting what='the keys' />}
        {rows?.length === 0 && <Empty title='No keys yet'><p>Scripts and other people ask this service with a key of their own; make one for each, so that each can be revoked.</p></Empty>}
        {rows !== undefined && rows.length > 0 && <section className='card' aria-label='Keys'><DataTable label='Keys, newest first' columns={columns} rows={rows} idOf={({ id }) => id} /></section>}
      </div>
      <ToldOnce title='The new key' secret={made?.key ?? null} what='the key' onClose={() => { setMade(null) }} />
    </>
  )
}

function columnsOf (onMade: (key: NewApiKey) => void): Array<DataColumn<ApiKey>> {
  return [
    { id: 'key', name: 'Key', isRowHeader: true, bare: true, cell: ({ name, hint }) => <span className='two-lines'><span>{name}</span><span className='faint small mono'>…{hint}</span></span> },
    { id: 'state', name: 'State', bare: true, cell: (key) => <KeyState apiKey={key} /> },
    { id: 'scopes', name: 'May', cell: ({ scopes }) => <span className='badges'>{scopes.map((scope) => <span key={scope} className='badge'>{scope}</span>)}</span> },
    { id: 'used', name: 'Last used', isNumber: true, cell: ({ lastUsedAt }) => lastUsedAt === null ? 'never' : <Time at={lastUsedAt} /> },
    { id: 'ends', name: 'Ends', isNumber: true, cell: ({ expiresAt }) => expiresAt === null ? 'never' : <Time at={expiresAt} /> },
    { id: 'actions', name: 'Actions', bare: true, cell: (key) => <KeyActions apiKey={key} onMade={onMade} /> },
  ]
}

function KeyState ({ apiKey: { revokedAt, expiresAt } }: { readonly apiKey: ApiKey }) {
  if (revokedAt !== null) return <span className='badge bad'>Revoked</span>
  return expiresAt !== null && Date.parse(expiresAt) < Date.now() ? <span className='badge idle'>Ended</span> : <span className='badge good'>In use</span>
}
