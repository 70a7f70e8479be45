/** The queues that jobs wait in: one line each, and which one a row belongs to. */
import type { JobRow, QueueEntry } from './ports.ts'

export const QUEUES = {
  default: 'whatever any worker can take',
  large: 'jobs that need more memory than an ordinary worker gives one (ESPALIER_LARGE_MB)',
  gpu: 'jobs that asked for a GPU',
} as const

export type QueueName = keyof typeof QUEUES
export const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[]

/** 0 is what is not asked for; a job of a higher one is taken earlier, jobs of the same in the order in which they came. */
export const HIGHEST_PRIORITY = 9

/** The entry of a job's current attempt. */
export function entryOf ({ id: jobId, attempt, queue, priority }: JobRow): QueueEntry {
  return { jobId, attempt, queue, priority }
}
