/** Adds a job's current attempt to the queue, where failing to do so is no failure of the request. */
import { EspalierError } from '../../errors.ts'
import type { JobRow, Queue } from '../ports.ts'
import { entryOf } from '../queues.ts'

/** False when the queue does not answer: the row says `queued`, so `reconcile` adds the entry once the queue is back. */
export async function enqueue (queue: Queue, job: JobRow): Promise<boolean> {
  try {
    await queue.add(entryOf(job))
    return true
  } catch (thrown) {
    if (EspalierError.from(thrown).code === 'unavailable') return false
    throw thrown
  }
}
