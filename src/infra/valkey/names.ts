/** The names that both sides of the queue agree on. */
import type { QueueEntry } from '../../jobs/ports.ts'

export const QUEUE_NAME = 'jobs'

/** The id of an entry. BullMQ ids hold no colon. */
export function entryId ({ jobId, attempt }: QueueEntry): string {
  return `${jobId}-${attempt}`
}

/** The channel on which wishes to cancel are told. */
export function cancelChannel (prefix: string): string {
  return `${prefix}:cancel`
}
