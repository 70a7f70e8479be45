/** The names that both sides of the queue agree on. */
import type { QueueEntry, Wish } from '../../jobs/ports.ts'
import { HIGHEST_PRIORITY, type QueueName } from '../../jobs/queues.ts'

export const QUEUE_NAME = 'jobs'
export const SWEEP_QUEUE_NAME = 'sweeps'

/** BullMQ's name of a queue. */
export function bullQueue (queue: QueueName): string {
  return queue === 'default' ? QUEUE_NAME : `${QUEUE_NAME}-${queue}`
}

/** BullMQ's priority, of which the lowest number comes first; entries with none would come before all that have one. */
export function bullPriority (priority: number = 0): number {
  return HIGHEST_PRIORITY + 1 - priority
}

/** The id of an entry. BullMQ ids hold no colon. */
export function entryId ({ jobId, attempt }: QueueEntry): string {
  return `${jobId}-${attempt}`
}

/** The channel on which wishes are told. */
export function wishChannel (prefix: string): string {
  return `${prefix}:wishes`
}

/** The channel on which is told that there is something to take. */
export function callChannel (prefix: string): string {
  return `${prefix}:calls`
}

export function wishText (wish: Wish, jobId: string): string {
  return `${wish} ${jobId}`
}

/** Undefined for what is none: a newer version may wish what this one does not know. */
export function wishOf (text: string): { wish: Wish, jobId: string } | undefined {
  const [wish, jobId] = text.split(' ')
  return (wish === 'cancel' || wish === 'pause') && jobId !== undefined ? { wish, jobId } : undefined
}
