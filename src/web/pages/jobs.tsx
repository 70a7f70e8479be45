/** The page of jobs: all of them, as they are at this moment. */
import { useMemo } from 'react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import { modelsQuery, useModelNames } from '../api/files.ts'
import { jobsQuery } from '../api/jobs.ts'
import { useLiveJobs } from '../api/live-jobs.ts'
import type { Job, JobState } from '../api/types.ts'
import { Button } from '../components/button.tsx'
import { ButtonLink } from '../components/button-link.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Empty } from '../components/empty.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { Waiting } from '../components/waiting.tsx'
import { countOf } from '../format/recipe.ts'
import { STATE_WORDS } from '../format/words.ts'
import { jobColumns } from './jobs/columns.tsx'
import { JobFiltersBar } from './jobs/filters.tsx'
import { LiveSign } from './jobs/live-sign.tsx'
import './jobs/jobs.css'

const idOf = (job: Job): string => job.id

export default function JobsPage () {
  const [search, setSearch] = useSearchParams()
  const stream = useLiveJobs()
  const state = search.get('state') ?? undefined
  const filters = { state: state !== undefined && state in STATE_WORDS ? state as JobState : undefined, model: search.get('model') ?? undefined, sweep: search.get('sweep') ?? undefined }
  const jobs = useInfiniteQuery(jobsQuery(filters))
  const models = useQuery(modelsQuery)
  const names = useModelNames()
  const columns = useMemo(() => jobColumns(names), [names])
  const rows = useMemo(() => jobs.data?.pages.flatMap(({ items }) => items) ?? [], [jobs.data])
  const filtered = filters.state !== undefined || filters.model !== undefined || filters.sweep !== undefined
  return (
    <>
      <PageHead title='Jobs' about={<LiveSign state={stream} />}>
        <ButtonLink href='/new' kind='primary' icon='plus'>New run</ButtonLink>
      </PageHead>
      <div className='stack'>
        <JobFiltersBar filters={filters} models={models.data?.items ?? []} onChange={setSearch} />
        {jobs.error !== null && <ProblemNote error={jobs.error} onRetry={() => { void jobs.refetch() }} />}
        {jobs.isPending && jobs.error === null && <Waiting what='the jobs' />}
        {jobs.data !== undefined && rows.length === 0 && (filtered
          ? <Empty title='No job is like this'><p>Others may be: take a filter away.</p><Button onPress={() => { setSearch({}) }}>Show all jobs</Button></Empty>
          : <Empty title='No jobs yet'><p>A job takes a model, prunes it by a recipe, and proves what became of it.</p><ButtonLink href='/new' kind='primary' icon='plus'>Start the first run</ButtonLink></Empty>)}
        {rows.length > 0 && (
          <section className='card jobs-card' aria-label='Jobs'>
            <DataTable label='Jobs, newest first' columns={columns} rows={rows} idOf={idOf} />
            <p className='hidden-text' role='status'>{countOf(rows.length, 'job')} shown</p>
          </section>
        )}
        {jobs.hasNextPage && <div className='row'><Button isPending={jobs.isFetchingNextPage} onPress={() => { void jobs.fetchNextPage() }}>Show older ones</Button></div>}
      </div>
    </>
  )
}
