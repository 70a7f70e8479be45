/** The page of sweeps: all of them, newest first. */
import { useMemo } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { SweepSummary } from '../../jobs/sweeps/resource.ts'
import { useModelNames } from '../api/files.ts'
import { sweepsQuery } from '../api/sweeps.ts'
import { ButtonLink } from '../components/button-link.tsx'
import { DataTable, type DataColumn } from '../components/data-table.tsx'
import { Empty } from '../components/empty.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { Time } from '../components/time.tsx'
import { Waiting } from '../components/waiting.tsx'
import { SWEEP_WORDS } from './sweep/words.ts'

export default function SweepsPage () {
  const { data, error, refetch } = useQuery(sweepsQuery)
  const names = useModelNames()
  const columns = useMemo(() => columnsOf(names), [names])
  return (
    <>
      <PageHead title='Sweeps' about='Many recipes on one model, and which of them are worth having.'>
        <ButtonLink href='/new' kind='primary' icon='plus'>New sweep</ButtonLink>
      </PageHead>
      {error !== null && <ProblemNote error={error} onRetry={() => { void refetch() }} />}
      {data === undefined && error === null && <Waiting what='the sweeps' />}
      {data?.items.length === 0 && <Empty title='No sweeps yet'><p>Start one from a new run: tick “Sweep” at its target, and give the values to try.</p><ButtonLink href='/new' kind='primary' icon='plus'>Start the first sweep</ButtonLink></Empty>}
      {data !== undefined && data.items.length > 0 && <section className='card' aria-label='Sweeps'><DataTable label='Sweeps, newest first' columns={columns} rows={data.items} idOf={({ id }) => id} /></section>}
    </>
  )
}

function columnsOf (names: ReadonlyMap<string, string>): Array<DataColumn<SweepSummary>> {
  return [
    { id: 'sweep', name: 'Sweep', isRowHeader: true, bare: true, cell: ({ id, name }) => <Link href={`/sweeps/${id}`}>{name ?? id}</Link> },
    { id: 'state', name: 'State', bare: true, cell: ({ state }) => <span className={`badge ${SWEEP_WORDS[state][0]}`}>{SWEEP_WORDS[state][1]}</span> },
    { id: 'model', name: 'Model', cell: ({ model }) => names.get(model) ?? model },
    { id: 'runs', name: 'Runs', isNumber: true, cell: ({ progress: { done, total } }) => done === total ? total : `${done} of ${total}` },
    { id: 'front', name: 'Not beaten', isNumber: true, cell: ({ pareto }) => pareto?.all.length ?? '–' },
    { id: 'created', name: 'Submitted', isNumber: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ]
}
