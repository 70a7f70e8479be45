/** How far a job is: its stage, a bar, and how long it will yet take. */
import type { Job } from '../api/types.ts'
import { duration } from '../format/time.ts'
import { stageWords } from '../format/words.ts'
import { Bar } from './bar.tsx'

export function JobProgress ({ job }: { readonly job: Pick<Job, 'id' | 'progress' | 'waitingFor' | 'state'> }) {
  const { id, progress: { stage, done, total, etaSeconds, epoch }, waitingFor, state } = job
  if (state === 'queued') return <p className='soft small'>{waitingFor ?? 'Waiting for a worker'}</p>
  const share = total > 0 ? done / total : 0
  const left = epoch === undefined || stage !== 'training' ? stageWords(stage) : `${stageWords(stage)}, epoch ${epoch}`
  const right = etaSeconds === null || state !== 'running' ? `${Math.floor(share * 100)} %` : `${Math.floor(share * 100)} %, ${duration(etaSeconds)} left`
  return <Bar label={`Progress of ${id}`} share={share} left={left} right={right} />
}
