/** Sweeps in the queue, as BullMQ flows: the entry of a sweep waits until the entries of its jobs are done. */
import { FlowProducer, WaitingChildrenError, Worker } from 'bullmq'
import type { Queue, SweepConsumer } from '../../jobs/ports.ts'
import { atMost, STEADY, within } from './connection.ts'
import { bullEntry, ENTRY_OPTIONS } from './entries.ts'
import { SWEEP_QUEUE_NAME } from './names.ts'

interface SweepEntry { readonly sweepId: string }

const CLOSE_MS = 2000
const RETRY_MS = 1000
const ANY_NUMBER = 1_000_000

/** The side that adds, beside a queue of jobs. */
export function createFlows (redisUrl: string, { prefix, patience }: { prefix: string, patience: number }): Pick<Queue, 'addSweep'> & { close (): Promise<void> } {
  const producer = new FlowProducer({ connection: { url: redisUrl, ...STEADY }, prefix })
  producer.on('error', () => {}) // it reconnects; callers are told by `within`

  return {
    async addSweep (sweepId, entries) {
      await within(patience, producer.add({
        name: 'sweep',
        queueName: SWEEP_QUEUE_NAME,
        data: { sweepId } satisfies SweepEntry,
        // An entry of that id which waits already gets the jobs in addition.
        opts: { ...ENTRY_OPTIONS, jobId: sweepId },
        children: entries.map((entry) => {
          const { name, queueName, data, opts } = bullEntry(entry)
          // A job that fails is a point of the sweep like any other.
          return { name, queueName, data, opts: { ...opts, ignoreDependencyOnFailure: true } }
        }),
      }))
    },

    async close () {
      await atMost(CLOSE_MS, producer.getBackend().close(true))
    },
  }
}

export interface SweepConsumerOptions {
  readonly prefix: string
  /** An entry is given again when its worker did not renew the lock for this long, milliseconds. */
  readonly lockMs: number
  readonly onTrouble?: (error: Error) => void
}

/** The side that is told when the jobs of a sweep are done, apart from the jobs themselves: it waits for none of them. */
export function createSweepConsumer (redisUrl: string, { prefix, lockMs, onTrouble = () => {} }: SweepConsumerOptions): SweepConsumer {
  let worker: Worker<SweepEntry> | undefined

  return {
    async start (close) {
      worker ??= new Worker<SweepEntry>(SWEEP_QUEUE_NAME, async (entry, token) => {
        if (await close(entry.data.sweepId)) return
        // A job was added meanwhile: its end brings the entry back. Without one (a job is paused) whoever queues it again adds the entry, too.
        if (token !== undefined && await entry.moveToWaitingChildren(token)) throw new WaitingChildrenError()
      }, { connection: { url: redisUrl, ...STEADY }, prefix, lockDuration: lockMs, stalledInterval: lockMs, maxStalledCount: ANY_NUMBER, runRetryDelay: RETRY_MS })
      worker.on('error', onTrouble)
    },

    async close () {
      // By force, as a polite farewell would wait for a Valkey that is away; what was being closed is given again.
      if (worker !== undefined) await atMost(CLOSE_MS, worker.close(true))
    },
  }
}
