/** The page of one sweep: how far it is, what its points cost, and all of them. */
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'wouter'
import { modelQuery } from '../api/files.ts'
import { sweepQuery, useCancelSweep } from '../api/sweeps.ts'
import { Bar } from '../components/bar.tsx'
import { Button } from '../components/button.tsx'
import { ButtonLink } from '../components/button-link.tsx'
import { Card } from '../components/card.tsx'
import { SERIES_COLORS } from '../components/chart/colors.ts'
import { DownloadText } from '../components/download.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { Time } from '../components/time.tsx'
import { Waiting } from '../components/waiting.tsx'
import { ParetoCard } from './sweep/pareto-card.tsx'
import { PointsTable } from './sweep/points-table.tsx'
import { SWEEP_WORDS } from './sweep/words.ts'
import './sweep/sweep.css'

export default function SweepPage () {
  const { id = '' } = useParams<{ id: string }>()
  const { data: sweep, error, refetch } = useQuery(sweepQuery(id))
  const model = useQuery({ ...modelQuery(sweep?.model ?? ''), enabled: sweep !== undefined }).data
  const cancel = useCancelSweep(id)
  if (sweep === undefined) return <><PageHead title='Sweep' />{error === null ? <Waiting what='the sweep' /> : <ProblemNote error={error} onRetry={() => { void refetch() }} />}</>
  const { name, state, points, progress: { done, total }, createdAt } = sweep
  const [kind, word] = SWEEP_WORDS[state]
  const succeeded = points.filter((point) => point.state === 'succeeded')
  return (
    <>
      <PageHead title={name ?? 'Sweep'} about={<><span className={`badge ${kind}`}>{word}</span><span>{points.length} runs on <Link href={`/models?id=${sweep.model}`}>{model?.name ?? sweep.model}</Link></span><Time at={createdAt} /></>}>
        {succeeded.length > 1 && <ButtonLink href={`/compare?jobs=${succeeded.slice(0, SERIES_COLORS.length).map(({ job }) => job).join(',')}`} icon='compare'>Compare runs</ButtonLink>}
        <DownloadText address={`/v1/sweeps/${encodeURIComponent(id)}?format=csv`} name={`${id}.csv`} size='normal'>CSV</DownloadText>
        {state === 'running' && <Button icon='cross' isPending={cancel.isPending} onPress={() => { cancel.mutate() }}>Cancel the sweep</Button>}
      </PageHead>
      <div className='stack'>
        {cancel.error !== null && <ProblemNote error={cancel.error} />}
        {done < total && <Bar label='Progress of the sweep' share={done / total} left={`${done} of ${total} runs have ended`} />}
        <ParetoCard sweep={sweep} />
        <Card title='Points'><PointsTable sweep={sweep} /></Card>
      </div>
    </>
  )
}
