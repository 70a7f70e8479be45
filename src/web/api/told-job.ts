/** What a message of a run's stream changes in what is known of the run. */
import { hasEnded } from '../format/states.ts'
import type { StreamMessage } from './event-stream.ts'
import type { Job, JobState, Progress } from './types.ts'

type Told = Pick<Job, 'state' | 'progress'>

/** The same object where nothing changes. A state that is the last one is believed at the end alone: figures come between the two, and who knew that the run is over would not wait for them. */
export function toldJob<T extends Told> (job: T, { event, data }: Pick<StreamMessage, 'event' | 'data'>): T {
  if (event === 'progress') {
    const { job: _job, attempt: _attempt, ...progress } = data as { job: string, attempt: number } & Progress
    return { ...job, progress }
  }
  if (event !== 'state' && event !== 'end') return job
  const { state } = data as { state: JobState }
  return event === 'state' && hasEnded(state) ? job : { ...job, state }
}
