/** The page of workers: who works, on what, and what waits in which queue. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { queuesQuery, workersQuery } from '../api/fleet.ts'
import type { QueueState, Worker } from '../api/types.ts'
import { Bar } from '../components/bar.tsx'
import { Card } from '../components/card.tsx'
import { CodeBlock } from '../components/code-block.tsx'
import { DataTable, type DataColumn } from '../components/data-table.tsx'
import { Empty } from '../components/empty.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { Time } from '../components/time.tsx'
import { Waiting } from '../components/waiting.tsx'
import { bytes, count } from '../format/numbers.ts'
import { countOf } from '../format/recipe.ts'
import { duration } from '../format/time.ts'
import './fleet/fleet.css'

const LOOKS = { starting: 'busy', ready: 'good', draining: 'warn', gone: 'bad' } as const satisfies Record<Worker['state'], string>

export default function FleetPage () {
  const workers = useQuery(workersQuery)
  const queues = useQuery(queuesQuery)
  const working = workers.data?.items.filter(({ state }) => state !== 'gone') ?? []
  const error = workers.error ?? queues.error
  return (
    <>
      <PageHead title='Workers' about={workers.data === undefined ? 'Who works, on what, and what waits.' : `${countOf(working.length, 'worker')}, ${countOf(working.reduce((sum, { running }) => sum + running, 0), 'job')} of ${working.reduce((sum, { concurrency }) => sum + concurrency, 0)} that they can do at once`} />
      <div className='stack'>
        {error !== null && <ProblemNote error={error} />}
        {workers.data === undefined && error === null && <Waiting what='the workers' />}
        {workers.data?.items.length === 0 && <Empty title='No worker runs'><p>Jobs wait until one does. On any machine that reaches the same databases:</p><CodeBlock text='npm run worker' label='the command that starts a worker' /></Empty>}
        {workers.data !== undefined && workers.data.items.length > 0 && <Card title='Workers'><DataTable label='Workers' columns={WORKERS} rows={workers.data.items} idOf={({ id }) => id} /></Card>}
        {queues.data !== undefined && <Card title='Queues' note='Of the whole service.'><DataTable label='Queues' columns={QUEUES} rows={queues.data.items} idOf={({ name }) => name} /></Card>}
      </div>
    </>
  )
}

const WORKERS: ReadonlyArray<DataColumn<Worker>> = [
  { id: 'worker', name: 'Worker', isRowHeader: true, bare: true, cell: ({ name, host, pid, version }) => <span className='two-lines'><span>{name}</span><span className='faint small'>{host}, process {pid}, {version}</span></span> },
  { id: 'state', name: 'State', bare: true, cell: ({ state }) => <span className={`badge ${LOOKS[state]}`}>{state}</span> },
  { id: 'device', name: 'Computes on', cell: ({ device, cpus }) => device === null ? 'not loaded yet' : `${device.kind === 'cpu' ? `${cpus} CPUs` : device.name}` },
  { id: 'memory', name: 'Memory of a job', isNumber: true, cell: ({ memoryBytes }) => bytes(memoryBytes) },
  { id: 'queues', name: 'Queues', cell: ({ queues }) => queues.join(', ') },
  { id: 'jobs', name: 'Works on', cell: (worker) => <Load worker={worker} /> },
  { id: 'seen', name: 'Heard of', isNumber: true, cell: ({ seenAt }) => <Time at={seenAt} /> },
]

function Load ({ worker: { name, running, concurrency, jobs } }: { readonly worker: Worker }) {
  return (
    <div className='worker-load'>
      <Bar label={`Load of ${name}`} share={concurrency === 0 ? 0 : running / concurrency} left={`${running} of ${concurrency}`} />
      {jobs.map((job) => <Link key={job} href={`/jobs/${job}`} className='mono small'>{job}</Link>)}
    </div>
  )
}

const QUEUES: ReadonlyArray<DataColumn<QueueState>> = [
  { id: 'queue', name: 'Queue', isRowHeader: true, bare: true, cell: ({ name, description }) => <span className='two-lines'><span>{name}</span><span className='faint small'>{description}</span></span> },
  { id: 'waiting', name: 'Waiting', isNumber: true, cell: ({ waiting, delayed }) => delayed === 0 ? count(waiting) : `${count(waiting)} and ${count(delayed)} later` },
  { id: 'active', name: 'Running', isNumber: true, cell: ({ active }) => count(active) },
  { id: 'wait', name: 'Longest wait', isNumber: true, cell: ({ oldestWaitSeconds }) => oldestWaitSeconds === 0 ? '–' : duration(oldestWaitSeconds) },
  { id: 'workers', name: 'Served by', isNumber: true, cell: ({ workers, slots, jobs }) => workers === 0 ? <span className={jobs > 0 ? 'badge bad' : 'faint'}>no worker</span> : `${countOf(workers, 'worker')}, ${slots} at once` },
]
