/** Carries a wish that the Catalog has taken on to the queue: the entry goes, or the worker that has it is told. */
import { EspalierError } from '../../errors.ts'
import type { JobRow, Queue, TenantCatalog, Wish } from '../ports.ts'
import { entryOf } from '../queues.ts'
import { unlessAway } from './enqueue.ts'

/** Gives the job as it is after the wish; `done` when no worker has it. @throws `not-found` */
export async function tellWorkers ({ catalog, queue }: { catalog: TenantCatalog, queue: Queue }, jobId: string, wish: Wish, done: boolean): Promise<JobRow> {
  const job = await catalog.job(jobId)
  if (job === null) throw new EspalierError('not-found', `there is no job ${jobId}`, { id: jobId })
  // An entry that stays is not begun; a worker that was not told finds out by itself.
  await unlessAway(done ? queue.remove(entryOf(job)) : queue.announce(wish, jobId))
  return job
}
