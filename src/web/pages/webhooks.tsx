/** The page of webhooks: addresses that are told of jobs, and of one of them what was and will be sent. */
import { useMemo, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { useScopes } from '../api/scopes.ts'
import { webhooksQuery, type Webhook } from '../api/webhooks.ts'
import { Card } from '../components/card.tsx'
import { DataTable, type DataColumn } from '../components/data-table.tsx'
import { Empty } from '../components/empty.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { Time } from '../components/time.tsx'
import { ToldOnce } from '../components/told-once.tsx'
import { Waiting } from '../components/waiting.tsx'
import { Deliveries } from './webhooks/deliveries.tsx'
import { MakeWebhook } from './webhooks/make-webhook.tsx'
import { WebhookActions } from './webhooks/webhook-actions.tsx'
import { eventWords } from './webhooks/words.ts'

export default function WebhooksPage () {
  const { data, error, refetch } = useQuery(webhooksQuery)
  const mayWrite = useScopes().includes('write')
  const [search, setSearch] = useSearchParams()
  const [secret, setSecret] = useState<string | null>(null)
  const rows = data?.items
  const shown = rows?.find(({ id }) => id === search.get('id'))
  const columns = useMemo(() => columnsOf(), [])
  return (
    <>
      <PageHead title='Webhooks' about='Addresses that are told when jobs change.'>
        {mayWrite && <MakeWebhook onMade={({ id, secret: told }) => { setSecret(told); setSearch({ id }) }} />}
      </PageHead>
      <div className='stack'>
        {error !== null && <ProblemNote error={error} onRetry={() => { void refetch() }} />}
        {rows === undefined && error === null && <Waiting what='the webhooks' />}
        {rows?.length === 0 && <Empty title='No webhooks yet'><p>A webhook gets a signed message whenever a job comes to another state, so that nobody has to ask.</p></Empty>}
        {shown !== undefined && (
          <Card title={shown.url} actions={mayWrite && <WebhookActions key={shown.id} webhook={shown} onSecret={setSecret} onDeleted={() => { setSearch({}) }} />}>
            <div className='stack'>
              <Facts webhook={shown} />
              <Deliveries key={shown.id} id={shown.id} mayWrite={mayWrite} />
            </div>
          </Card>
        )}
        {rows !== undefined && rows.length > 0 && <section className='card' aria-label='Webhooks'><DataTable label='Webhooks, newest first' columns={columns} rows={rows} idOf={({ id }) => id} /></section>}
      </div>
      <ToldOnce title='The secret' secret={secret} what='the secret' onClose={() => { setSecret(null) }} />
    </>
  )
}

function Facts ({ webhook: { id, turnedOff, previousSecretUntil } }: { readonly webhook: Webhook }) {
  return (
    <>
      {turnedOff !== null && <p className='callout warn small'>It was turned off: {turnedOff}</p>}
      <dl className='facts'>
        <dt>Id</dt><dd className='mono'>{id}</dd>
        {previousSecretUntil !== null && <><dt>Former secret</dt><dd>signs as well, until <Time at={previousSecretUntil} /></dd></>}
      </dl>
    </>
  )
}

function columnsOf (): Array<DataColumn<Webhook>> {
  return [
    { id: 'url', name: 'Webhook', isRowHeader: true, bare: true, cell: ({ id, url, description }) => <span className='two-lines'><Link href={`/webhooks?id=${id}`}>{url}</Link>{description !== '' && <span className='faint small'>{description}</span>}</span> },
    { id: 'state', name: 'State', bare: true, cell: ({ active }) => active ? <span className='badge good'>On</span> : <span className='badge idle'>Off</span> },
    { id: 'events', name: 'Is told of jobs that are', cell: ({ events }) => <span className='badges'>{events.map((event) => <span key={event} className='badge'>{eventWords(event)}</span>)}</span> },
    { id: 'created', name: 'Made', isNumber: true, sortBy: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ]
}
