/** The life of a job as a pure state machine: one table says which state may follow which. A worker that ends gives a running job back: it is queued again. */
import { JOB_STATES, type JobState } from './resources.ts'

const NEXT = {
  queued: ['running', 'paused', 'cancelled', 'failed'],
  running: ['queued', 'pausing', 'cancelling', 'succeeded', 'failed'],
  pausing: ['paused', 'cancelling', 'succeeded', 'failed'],
  paused: ['queued', 'cancelled'],
  cancelling: ['cancelled', 'failed'],
  succeeded: [],
  failed: ['queued'],
  cancelled: ['queued'],
} as const satisfies Record<JobState, readonly JobState[]>

/** May a job in state `from` go to state `to`? Staying is no move. */
export function canMove (from: JobState, to: JobState): boolean {
  return (NEXT[from] as readonly JobState[]).includes(to)
}

/** The states that `to` may directly follow. */
export function statesBefore (to: JobState): JobState[] {
  return JOB_STATES.filter((from) => canMove(from, to))
}

/** Has the job come to an end? It leaves such a state only by being retried. */
export function isEnded (state: JobState): boolean {
  return ENDED.includes(state)
}

export const ENDED: readonly JobState[] = ['succeeded', 'failed', 'cancelled']

/** States in which the queue ought to hold a live entry for the job. */
export const QUEUED_OR_WORKED_ON: readonly JobState[] = ['queued', 'running', 'pausing', 'cancelling']

/** States in which a worker may tell of its work: progress, checkpoints, figures. */
export const WORKED_ON: readonly JobState[] = ['running', 'pausing']

/** Where a wish to cancel leads: at once to `cancelled` when no worker has the job, else to `cancelling`; null when it has ended. */
export function stateAfterCancel (state: JobState): JobState | null {
  if (state === 'cancelling' || canMove(state, 'cancelling')) return 'cancelling'
  return canMove(state, 'cancelled') ? 'cancelled' : null
}

/** Where a wish to pause leads: at once to `paused` when no worker has the job, else to `pausing`; null when it is paused or has ended. */
export function stateAfterPause (state: JobState): JobState | null {
  if (state === 'pausing' || canMove(state, 'pausing')) return 'pausing'
  return canMove(state, 'paused') ? 'paused' : null
}
