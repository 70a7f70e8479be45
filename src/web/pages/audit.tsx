/** The page of the record of actions: who did what, by key, action, target and time. */
import { useMemo } from 'react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import { auditQuery, type AuditEntry } from '../api/audit.ts'
import { keysQuery } from '../api/keys.ts'
import { useSettled } from '../api/use-settled.ts'
import { Button } from '../components/button.tsx'
import { DataTable, type DataColumn } from '../components/data-table.tsx'
import { Empty } from '../components/empty.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { Time } from '../components/time.tsx'
import { Waiting } from '../components/waiting.tsx'
import { AuditFiltersBar, NAMES } from './audit/filters.tsx'
import { sinceOf } from './audit/since.ts'
import './audit/audit.css'

const TYPING_MS = 350

export default function AuditPage () {
  const [search, setSearch] = useSearchParams()
  const written = search.toString()
  const filters = useMemo(() => {
    const given = new URLSearchParams(written)
    return { ...Object.fromEntries(NAMES.flatMap((name) => given.get(name) === null ? [] : [[name, given.get(name)!]])), since: sinceOf(given.get('since')) }
  }, [written])
  const record = useInfiniteQuery(auditQuery(useSettled(filters, TYPING_MS)))
  const keys = useQuery(keysQuery).data?.items
  const names = useMemo(() => new Map(keys?.map(({ id, name }) => [id, name])), [keys])
  const columns = useMemo(() => columnsOf(names), [names])
  const rows = useMemo(() => record.data?.pages.flatMap(({ items }) => items), [record.data])
  return (
    <>
      <PageHead title='Record of actions' about='Every request that may have changed something, and who sent it.' />
      <div className='stack'>
        <AuditFiltersBar search={search} onChange={(next) => { setSearch(next, { replace: true }) }} />
        {record.error !== null && <ProblemNote error={record.error} onRetry={() => { void record.refetch() }} />}
        {rows === undefined && record.error === null && <Waiting what='the record' />}
        {rows?.length === 0 && <Empty title='Nothing on record is like this'><p>{written === '' ? 'Nothing was done yet.' : 'Others may be: take a filter away.'}</p>{written !== '' && <Button onPress={() => { setSearch({}) }}>Show everything</Button>}</Empty>}
        {rows !== undefined && rows.length > 0 && <section className='card' aria-label='Record of actions'><DataTable label='Actions, newest first' columns={columns} rows={rows} idOf={({ id }) => id} /></section>}
        {record.hasNextPage && <div className='row'><Button isPending={record.isFetchingNextPage} onPress={() => { void record.fetchNextPage() }}>Show older ones</Button></div>}
      </div>
    </>
  )
}

/** `names`: of keys, by id. */
function columnsOf (names: ReadonlyMap<string, string>): Array<DataColumn<AuditEntry>> {
  return [
    { id: 'action', name: 'Action', isRowHeader: true, bare: true, cell: ({ action }) => <strong>{action}</strong> },
    { id: 'status', name: 'Answer', bare: true, cell: ({ status }) => <span className={`badge ${status < 400 ? 'good' : 'bad'}`}>{status}</span> },
    { id: 'actor', name: 'Who', cell: ({ actor }) => <span className='two-lines'><span>{names.get(actor) ?? actor}</span>{names.has(actor) && <span className='faint small mono'>{actor}</span>}</span> },
    { id: 'target', name: 'On what', cell: ({ target }) => target === null ? '–' : <span className='mono small'>{target}</span> },
    { id: 'details', name: 'Details', cell: ({ details, requestId }) => <span className='two-lines audit-details'>{details !== null && <span>{detailsText(details)}</span>}<span className='faint small mono'>{requestId}</span></span> },
    { id: 'at', name: 'When', isNumber: true, cell: ({ at }) => <Time at={at} /> },
  ]
}

function detailsText (details: NonNullable<AuditEntry['details']>): string {
  return Object.entries(details).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ')
}
