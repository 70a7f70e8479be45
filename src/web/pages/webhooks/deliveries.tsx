/** What was and will be sent to a webhook, newest first, by what became of it. */
import { useMemo, useState } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { deliveriesQuery, useRetryDelivery, type DeliveryState, type WebhookDelivery } from '../../api/webhooks.ts'
import { Button } from '../../components/button.tsx'
import { DataTable, type DataColumn } from '../../components/data-table.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { RadioCards } from '../../components/radio-cards.tsx'
import { Time } from '../../components/time.tsx'
import { count } from '../../format/numbers.ts'
import { DELIVERY_LOOKS, tryText } from './words.ts'

const ALL = 'all'
const CHOICES = [{ id: ALL, name: 'All' }, ...Object.entries(DELIVERY_LOOKS).map(([id, [, name]]) => ({ id, name }))]

export function Deliveries ({ id, mayWrite }: { readonly id: string, readonly mayWrite: boolean }) {
  const [state, setState] = useState(ALL)
  const deliveries = useInfiniteQuery(deliveriesQuery(id, state === ALL ? undefined : state as DeliveryState))
  const retry = useRetryDelivery()
  const columns = useMemo(() => columnsOf(mayWrite ? retry.mutate : undefined), [mayWrite, retry.mutate])
  const rows = useMemo(() => deliveries.data?.pages.flatMap(({ items }) => items), [deliveries.data])
  const error = deliveries.error ?? retry.error
  return (
    <section className='stack' aria-label='Deliveries'>
      <div className='card-head'><h3>Deliveries</h3><RadioCards label='Which deliveries' hideLabel look='segments' choices={CHOICES} value={state} onChange={setState} /></div>
      {error !== null && <ProblemNote error={error} />}
      {rows?.length === 0 && <p className='soft small'>{state === ALL ? 'Nothing was sent in the last 30 days.' : 'None is like this.'}</p>}
      {rows !== undefined && rows.length > 0 && <DataTable label='Deliveries, newest first' columns={columns} rows={rows} idOf={(delivery) => delivery.id} />}
      {deliveries.hasNextPage && <div className='row'><Button isPending={deliveries.isFetchingNextPage} onPress={() => { void deliveries.fetchNextPage() }}>Show older ones</Button></div>}
    </section>
  )
}

function columnsOf (onRetry: ((delivery: WebhookDelivery) => void) | undefined): Array<DataColumn<WebhookDelivery>> {
  return [
    { id: 'type', name: 'Message', isRowHeader: true, bare: true, cell: ({ id, type }) => <span className='two-lines'><span>{type}</span><span className='faint small mono'>{id}</span></span> },
    { id: 'state', name: 'State', bare: true, cell: ({ state }) => <span className={`badge ${DELIVERY_LOOKS[state][0]}`}>{DELIVERY_LOOKS[state][1]}</span> },
    { id: 'job', name: 'Job', cell: ({ job }) => job === null ? '–' : <Link href={`/jobs/${job}`} className='mono small'>{job}</Link> },
    { id: 'last', name: 'Last try', cell: ({ last }) => <span className='two-lines'><span>{tryText(last)}</span>{last?.response != null && last.response !== '' && <span className='faint small clamp'>{last.response}</span>}</span> },
    { id: 'tries', name: 'Tries', isNumber: true, cell: ({ tries }) => count(tries) },
    { id: 'when', name: 'When', isNumber: true, cell: ({ state, nextTryAt, last, createdAt }) => state === 'pending' && nextTryAt !== null ? <>next <Time at={nextTryAt} /></> : <Time at={last?.at ?? createdAt} /> },
    ...(onRetry === undefined ? [] : [{ id: 'actions', name: 'Actions', bare: true, cell: (delivery: WebhookDelivery) => delivery.state === 'pending' && delivery.tries === 0 ? null : <Button size='small' icon='retry' label={`Send again: ${delivery.type}`} onPress={() => { onRetry(delivery) }}>Send again</Button> }]),
  ]
}
