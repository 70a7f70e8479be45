/** The runs there are, to tick those that are compared. */
import { useMemo } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { jobsQuery } from '../../api/jobs.ts'
import type { Job } from '../../api/types.ts'
import { Button } from '../../components/button.tsx'
import { ButtonLink } from '../../components/button-link.tsx'
import { Checkbox } from '../../components/checkbox.tsx'
import { DataTable, type DataColumn } from '../../components/data-table.tsx'
import { Empty } from '../../components/empty.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { Waiting } from '../../components/waiting.tsx'
import { mainMetric, metricText } from '../../format/metrics.ts'
import { bytes } from '../../format/numbers.ts'
import { recipeOf, recipeText } from '../../format/recipe.ts'

export interface ChooserProps { readonly chosen: readonly string[], readonly most: number, readonly models: ReadonlyMap<string, string>, readonly onChoose: (ids: readonly string[]) => void }

export function Chooser ({ chosen, most, models, onChoose }: ChooserProps) {
  const jobs = useInfiniteQuery(jobsQuery({}))
  const rows = useMemo(() => jobs.data?.pages.flatMap(({ items }) => items) ?? [], [jobs.data])
  const columns = useMemo((): Array<DataColumn<Job>> => [
    {
      id: 'run',
      name: 'Run',
      isRowHeader: true,
      bare: true,
      cell: ({ id, recipe, model }) => (
        <Checkbox isSelected={chosen.includes(id)} isDisabled={chosen.length >= most && !chosen.includes(id)} onChange={(on) => { onChoose(on ? [...chosen, id] : chosen.filter((one) => one !== id)) }}>
          <span className='job-line'><span>{recipeText(recipeOf(recipe))}</span><span className='faint small'>{models.get(model) ?? model}</span></span>
        </Checkbox>
      ),
    },
    { id: 'state', name: 'State', bare: true, cell: ({ state }) => <StateBadge state={state} /> },
    { id: 'metric', name: 'Metric', isNumber: true, cell: ({ receipt }) => metricOf(receipt) },
    { id: 'file', name: 'File', isNumber: true, cell: ({ receipt }) => bytes(receipt?.after.bytes) },
    { id: 'created', name: 'Submitted', isNumber: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ], [chosen, most, models, onChoose])
  if (jobs.error !== null) return <ProblemNote error={jobs.error} onRetry={() => { void jobs.refetch() }} />
  if (jobs.data === undefined) return <Waiting what='the runs' />
  if (rows.length === 0) return <Empty title='No runs yet'><p>Start two, and see here what each of them costs and keeps.</p><ButtonLink href='/new' kind='primary' icon='plus'>Start the first run</ButtonLink></Empty>
  return (
    <div className='stack'>
      <DataTable label='Runs to compare, newest first' columns={columns} rows={rows} idOf={({ id }) => id} />
      {jobs.hasNextPage && <div className='row'><Button isPending={jobs.isFetchingNextPage} onPress={() => { void jobs.fetchNextPage() }}>Show older ones</Button></div>}
    </div>
  )
}

function metricOf (receipt: Job['receipt']): string {
  const metric = receipt === undefined ? null : mainMetric(receipt)
  return metric === null ? '–' : `${metric.name} ${metricText(metric.name, metric.after)}`
}
