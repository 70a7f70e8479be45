/** What the pages of models and of data sets have in common: upload, list, and one of them with what is in it and the jobs that use it. */
import type { ReactNode } from 'react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { fileQuery } from '../../api/files.ts'
import { jobsQuery } from '../../api/jobs.ts'
import { addressOf } from '../../api/request.ts'
import type { FileKind, Stored } from '../../api/upload.ts'
import { ButtonLink } from '../../components/button-link.tsx'
import { Card } from '../../components/card.tsx'
import { DataTable, type DataColumn } from '../../components/data-table.tsx'
import { Empty } from '../../components/empty.tsx'
import { FileDrop } from '../../components/file-drop.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { Waiting } from '../../components/waiting.tsx'
import { recipeOf, recipeText } from '../../format/recipe.ts'
import { DeleteFile } from './delete-file.tsx'
import './files.css'

export interface FilePageProps<K extends FileKind> {
  readonly kind: K
  readonly title: string
  readonly about: string
  readonly empty: string
  readonly files: ReadonlyArray<Stored[K]> | undefined
  readonly error: unknown
  readonly onRetry: () => void
  readonly columns: ReadonlyArray<DataColumn<Stored[K]>>
  readonly detail: (file: Stored[K]) => ReactNode
}

const FILTER = { models: 'model', datasets: 'dataset' } as const satisfies Record<FileKind, string>

export function FilePage<K extends FileKind> ({ kind, title, about, empty, files, error, onRetry, columns, detail }: FilePageProps<K>) {
  const [search, setSearch] = useSearchParams()
  const wanted = search.get('id')
  const listed = files?.find(({ id }) => id === wanted)
  // Older ones than the list has.
  const asked = useQuery({ ...fileQuery(kind, wanted ?? ''), enabled: wanted !== null && files !== undefined && listed === undefined })
  const shown = wanted === null ? undefined : listed ?? asked.data
  return (
    <>
      <PageHead title={title} about={about} />
      <div className='stack'>
        <FileDrop kind={kind} onStored={({ id }) => { setSearch({ id }) }} />
        {error !== null && <ProblemNote error={error} onRetry={onRetry} />}
        {files === undefined && error === null && <Waiting what={title.toLowerCase()} />}
        {files?.length === 0 && <Empty title={`No ${title.toLowerCase()} yet`}><p>{empty}</p></Empty>}
        {asked.error !== null && <ProblemNote error={asked.error} />}
        {shown !== undefined && (
          <Card title={shown.name} actions={<><ButtonLink href={addressOf('/new', { [FILTER[kind]]: shown.id })} icon='plus'>New run with it</ButtonLink><DeleteFile kind={kind} file={shown} onDeleted={() => { setSearch({}) }} /></>}>
            <div className='stack'>
              {detail(shown)}
              <UsedBy kind={kind} id={shown.id} />
            </div>
          </Card>
        )}
        {files !== undefined && files.length > 0 && <section className='card' aria-label={title}><DataTable label={`${title}, newest first`} columns={columns} rows={files} idOf={({ id }) => id} /></section>}
      </div>
    </>
  )
}

function UsedBy ({ kind, id }: { readonly kind: FileKind, readonly id: string }) {
  const { data } = useInfiniteQuery(jobsQuery({ [FILTER[kind]]: id }))
  const jobs = data?.pages[0]?.items
  if (jobs === undefined) return null
  return (
    <div className='used-by'>
      <h3>Jobs that use it</h3>
      {jobs.length === 0 && <p className='soft small'>None yet.</p>}
      <ul>{jobs.slice(0, 8).map((job) => <li key={job.id} className='row'><Link href={`/jobs/${job.id}`}>{recipeText(recipeOf(job.recipe))}</Link><StateBadge state={job.state} /><span className='faint small'><Time at={job.createdAt} /></span></li>)}</ul>
      {(jobs.length > 8 || data?.pages[0]?.next !== null) && kind === 'models' && <Link href={addressOf('/jobs', { model: id })}>All of them</Link>}
    </div>
  )
}
