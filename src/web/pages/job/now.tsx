/** How a run stands at this moment: progress while it runs, or why it failed. */
import type { StreamState } from '../../api/event-stream.ts'
import type { Job } from '../../api/types.ts'
import { JobProgress } from '../../components/job-progress.tsx'
import { count, figure } from '../../format/numbers.ts'
import { hasEnded } from '../../format/states.ts'
import { moment } from '../../format/time.ts'
import { failureWords } from '../../format/words.ts'

export function Now ({ job, stream }: { readonly job: Job, readonly stream: StreamState }) {
  const { state, error, progress, attempts, checkpoint } = job
  if (state === 'failed' && error !== undefined) {
    const { what, advice } = failureWords(error.code)
    return (
      <section className='callout bad' aria-label='Why it failed'>
        <h2>{what}</h2>
        <p>{error.message}</p>
        {advice !== undefined && <p>{advice}</p>}
        {attempts.length > 1 && <p>It was tried {attempts.length} times.</p>}
      </section>
    )
  }
  if (hasEnded(state)) return null
  const { stage, done, total, stepsPerSecond, loss } = progress
  const facts = [
    stage === 'training' ? `step ${count(done)} of ${count(total)}` : '',
    stepsPerSecond === undefined ? '' : `${figure(stepsPerSecond, 3)} steps a second`,
    loss === undefined ? '' : `loss ${figure(loss)}`,
    checkpoint === undefined ? '' : `last checkpoint ${moment(checkpoint.at)}`,
    stream === 'waiting' ? 'connection lost, trying again' : '',
  ].filter((text) => text !== '')
  return (
    <section className='card now' aria-label='Progress'>
      <JobProgress job={job} />
      {facts.length > 0 && <p className='small soft number'>{facts.join(' · ')}</p>}
    </section>
  )
}
