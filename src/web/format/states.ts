/** What can be done to a job in each state. */
import type { JobAction } from '../api/jobs.ts'
import type { JobState } from '../api/types.ts'

const ACTIONS = {
  queued: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  pausing: ['cancel'],
  paused: ['resume', 'cancel'],
  cancelling: [],
  succeeded: [],
  failed: ['retry'],
  cancelled: ['retry'],
} as const satisfies Record<JobState, readonly JobAction[]>

export function actionsOf (state: JobState): readonly JobAction[] {
  return ACTIONS[state]
}

export function hasEnded (state: JobState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled'
}
