/** Brings queue and Catalog together again after a crash between the two, or after the queue lost what it held. */
import type { Catalog, Queue } from '../ports.ts'
import { addEntry } from './enqueue.ts'
import { entryOf } from '../queues.ts'

export interface Reconciled { readonly enqueued: string[], readonly cancelled: string[], readonly paused: string[] }

/**
 * For each job that has not ended, was not touched for `graceMs` and has no live entry: adds the same attempt again, or, when it was to
 * be cancelled or paused, does that: its worker is gone. Safe to run anywhere, any number of times, also by several processes at once.
 */
export async function reconcile ({ catalog, queue, graceMs }: { catalog: Catalog, queue: Queue, graceMs: number }): Promise<Reconciled> {
  const result: Reconciled = { enqueued: [], cancelled: [], paused: [] }
  for (const job of await catalog.unfinished(graceMs)) {
    const entry = entryOf(job)
    if (await queue.isLive(entry)) continue
    if (job.state === 'cancelling') {
      if (await catalog.cancelled(job.id, job.attempt)) result.cancelled.push(job.id)
      continue
    }
    if (job.state === 'pausing') {
      if (await catalog.paused(job.id, job.attempt)) result.paused.push(job.id)
      continue
    }
    await queue.remove(entry)
    await addEntry(queue, job)
    result.enqueued.push(job.id)
  }
  return result
}
