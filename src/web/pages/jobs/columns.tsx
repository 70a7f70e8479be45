/** The columns of the list of jobs. */
import { Link } from 'wouter'
import type { Job } from '../../api/types.ts'
import type { DataColumn } from '../../components/data-table.tsx'
import { JobActions } from '../../components/job-actions.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { duration, secondsBetween } from '../../format/time.ts'
import { recipeOf, recipeText } from '../../format/recipe.ts'
import { JobOutcome } from './outcome.tsx'

/** `names`: of models, by id. */
export function jobColumns (names: ReadonlyMap<string, string>): ReadonlyArray<DataColumn<Job>> {
  return [
    {
      id: 'run',
      name: 'Run',
      isRowHeader: true,
      bare: true,
      cell: (job) => (
        <div className='job-name'>
          <Link href={`/jobs/${job.id}`}>{recipeText(recipeOf(job.recipe))}</Link>
          <span className='faint small'>{names.get(job.model) ?? job.model}</span>
        </div>
      ),
    },
    { id: 'state', name: 'State', bare: true, cell: ({ state }) => <StateBadge state={state} /> },
    { id: 'outcome', name: 'How it goes', bare: true, cell: (job) => <JobOutcome job={job} /> },
    { id: 'time', name: 'Took', isNumber: true, cell: ({ startedAt, finishedAt }) => startedAt === undefined || finishedAt === undefined ? '–' : duration(secondsBetween(startedAt, finishedAt)) },
    { id: 'created', name: 'Submitted', isNumber: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
    { id: 'actions', name: 'Actions', bare: true, cell: (job) => <JobActions job={job} name={recipeText(recipeOf(job.recipe))} size='small' only={['cancel', 'retry', 'resume']} /> },
  ]
}
