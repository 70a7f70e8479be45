/** Adds a job's current attempt to the queue, where failing to do so is no failure of the request. */
import { EspalierError } from '../../errors.ts'
import type { JobRow, Queue } from '../ports.ts'
import { entryOf } from '../queues.ts'

/** The entry of the job's current attempt, as part of its sweep where it is a point of one. */
export async function addEntry (queue: Queue, job: JobRow): Promise<void> {
  if (job.sweepId === null) await queue.add(entryOf(job))
  else await queue.addSweep(job.sweepId, [entryOf(job)])
}

/** False when the queue does not answer, which is no failure of what was asked: `reconcile` and the workers find out by the rows. */
export async function unlessAway (telling: Promise<unknown>): Promise<boolean> {
  try {
    await telling
    return true
  } catch (thrown) {
    if (EspalierError.from(thrown).code === 'unavailable') return false
    throw thrown
  }
}

/** False when the queue does not answer: the row says `queued`, so `reconcile` adds the entry once the queue is back. */
export async function enqueue (queue: Queue, job: JobRow): Promise<boolean> {
  return await unlessAway(addEntry(queue, job))
}
