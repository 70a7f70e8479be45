/** The page of one run: what it does to the network while it runs, and what came of it. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from 'wouter'
import { modelQuery } from '../api/files.ts'
import { jobQuery, metricsQuery } from '../api/jobs.ts'
import { useLiveJob } from '../api/live-job.ts'
import { addressOf } from '../api/request.ts'
import { ButtonLink } from '../components/button-link.tsx'
import { JobActions } from '../components/job-actions.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { StateBadge } from '../components/state-badge.tsx'
import { Waiting } from '../components/waiting.tsx'
import { recipeOf, recipeText } from '../format/recipe.ts'
import { hasEnded } from '../format/states.ts'
import { About } from './job/about.tsx'
import { Channels } from './job/channels.tsx'
import { Curves } from './job/curves.tsx'
import { Figures } from './job/figures.tsx'
import { Layers } from './job/layers.tsx'
import { LiveLayers } from './job/live-layers.tsx'
import { Now } from './job/now.tsx'
import { ReceiptCard } from './job/receipt.tsx'
import { Repeat } from './job/repeat.tsx'
import { Stages } from './job/stages.tsx'
import { WeightsCard } from './job/weights.tsx'
import './job/job.css'

export default function JobPage () {
  const { id = '' } = useParams<{ id: string }>()
  // The largest answer is asked for first, and the stream, which would tell much of it again, when it is there.
  const { isFetched: hasFigures } = useQuery(metricsQuery(id))
  const { data: job, error, refetch } = useQuery(jobQuery(id))
  const model = useQuery({ ...modelQuery(job?.model ?? ''), enabled: job !== undefined })
  const stream = useLiveJob(id, hasFigures && job !== undefined && !hasEnded(job.state))
  if (job === undefined) {
    return (
      <>
        <PageHead title='Run' about={<code>{id}</code>} />
        {error === null ? <Waiting what='the run' /> : <ProblemNote error={error} onRetry={() => { void refetch() }} />}
      </>
    )
  }
  const name = recipeText(recipeOf(job.recipe))
  const { receipt } = job
  return (
    <>
      <PageHead title={name} about={<><StateBadge state={job.state} /><About job={job} modelName={model.data?.name} /></>}>
        <JobActions job={job} name={name} />
        <ButtonLink href={addressOf('/new', { model: job.model, dataset: job.dataset, job: id })} icon='plus'>New run from it</ButtonLink>
      </PageHead>
      <div className='stack'>
        <Now job={job} stream={stream} />
        {receipt !== undefined && <Figures receipt={receipt} />}
        <Curves job={job} />
        {receipt === undefined && <LiveLayers id={id} />}
        {receipt?.stages !== undefined && <Stages stages={receipt.stages} />}
        {receipt !== undefined && <Layers layers={receipt.layers} id={id} />}
        {receipt?.structure !== undefined && <Channels structure={receipt.structure} order={model.data?.layers.map((layer) => layer.name) ?? []} />}
        {receipt !== undefined && job.artifacts.length > 0 && <WeightsCard id={id} receipt={receipt} />}
        {receipt !== undefined && <ReceiptCard job={job} receipt={receipt} />}
        <Repeat job={job} />
      </div>
    </>
  )
}
