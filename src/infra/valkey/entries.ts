/** Entries of the queue as BullMQ takes them. */
import type { QueueEntry } from '../../jobs/ports.ts'
import { bullPriority, bullQueue, entryId } from './names.ts'

/** Work that throws (Postgres gone for long, say) comes back this often and after this pause; attempts that crash are counted in the Catalog. */
const TIMES_GIVEN = 1000
const PAUSE_MS = 2000

/** An id that is retained would not be added again. */
export const ENTRY_OPTIONS = { attempts: TIMES_GIVEN, backoff: { type: 'fixed', delay: PAUSE_MS }, removeOnComplete: true, removeOnFail: true } as const

/** An entry as BullMQ takes it, alone or in a flow. */
export function bullEntry ({ jobId, attempt, queue = 'default', priority }: QueueEntry) {
  const opts = { ...ENTRY_OPTIONS, jobId: entryId({ jobId, attempt }), priority: bullPriority(priority) }
  return { queueName: bullQueue(queue), name: 'run', data: { jobId, attempt }, opts }
}
