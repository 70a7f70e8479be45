/** The names that both sides of the queue agree on. */
import type { QueueEntry, Wish } from '../../jobs/ports.ts'

export const QUEUE_NAME = 'jobs'
export const SWEEP_QUEUE_NAME = 'sweeps'

/** The id of an entry. BullMQ ids hold no colon. */
export function entryId ({ jobId, attempt }: QueueEntry): string {
  return `${jobId}-${attempt}`
}

/** The channel on which wishes are told. */
export function wishChannel (prefix: string): string {
  return `${prefix}:wishes`
}

export function wishText (wish: Wish, jobId: string): string {
  return `${wish} ${jobId}`
}

/** Undefined for what is none: a newer version may wish what this one does not know. */
export function wishOf (text: string): { wish: Wish, jobId: string } | undefined {
  const [wish, jobId] = text.split(' ')
  return (wish === 'cancel' || wish === 'pause') && jobId !== undefined ? { wish, jobId } : undefined
}
