/** The QueueConsumer port on BullMQ: the side that works on entries. */
import { DelayedError, Worker, type Job } from 'bullmq'
import { EspalierError } from '../../errors.ts'
import type { QueueConsumer, QueueEntry, Wish } from '../../jobs/ports.ts'
import { atMost, connect, STEADY } from './connection.ts'
import { QUEUE_NAME, wishChannel, wishOf } from './names.ts'

export interface ConsumerOptions {
  readonly prefix: string
  /** Entries worked on at once. */
  readonly concurrency: number
  /** An entry is given again when its worker did not renew the lock for this long, milliseconds. */
  readonly lockMs: number
  readonly workerName: string
  /** Told of trouble that heals by itself: lost connections, entries whose lock was lost. */
  readonly onTrouble?: (error: Error) => void
}

/** The limit on starts is the Catalog's; BullMQ may give an entry as often as its workers die. */
const ANY_NUMBER = 1_000_000
const RETRY_MS = 1000
const READY_MS = 5000
/** An entry of a tenant that has as many jobs running as it may comes again after so long; until then others have the place. */
const FULL_MS = 3000
const CLOSE_MS = 1500

export function createConsumer (redisUrl: string, { prefix, concurrency, lockMs, workerName, onTrouble = () => {} }: ConsumerOptions): QueueConsumer {
  const listeners: Array<(wish: Wish, jobId: string) => void> = []
  const running = new Set<Promise<void>>()
  const channel = connect(redisUrl)
  channel.on('message', (name: string, text: string) => {
    const told = wishOf(text)
    if (told !== undefined) for (const listener of listeners) listener(told.wish, told.jobId)
  })
  let worker: Worker<QueueEntry> | undefined
  let closed = false

  return {
    async start (work) {
      if (worker !== undefined || closed) return
      const started = new Worker<QueueEntry>(QUEUE_NAME, async (job, token) => {
        const run = work({ jobId: job.data.jobId, attempt: job.data.attempt })
        running.add(run)
        try {
          await run
        } catch (thrown) {
          throw await putBack(job, token, thrown)
        } finally {
          running.delete(run)
        }
      }, {
        connection: { url: redisUrl, ...STEADY },
        prefix,
        name: workerName.replaceAll(/[^\w.-]/g, '-'), // becomes part of a connection's name, which holds no spaces
        concurrency,
        lockDuration: lockMs,
        stalledInterval: lockMs,
        maxStalledCount: ANY_NUMBER,
        runRetryDelay: RETRY_MS,
      })
      started.on('error', onTrouble)
      worker = started
      // When Valkey is not there yet, entries and announcements come once it is.
      await atMost(READY_MS, Promise.all([started.waitUntilReady(), channel.subscribe(wishChannel(prefix))]))
    },

    onWish (listener) {
      listeners.push(listener)
    },

    async close ({ force = false } = {}) {
      closed = true
      if (worker !== undefined) {
        if (!force) {
          const pausing = worker.pause()
          await Promise.allSettled(running)
          await atMost(CLOSE_MS, pausing) // the entries are told to be done
        }
        // By force, as a polite farewell would wait for a Valkey that is away.
        await atMost(CLOSE_MS, worker.close(true))
      }
      channel.disconnect()
    },
  }
}

/** What the queue is to be told of an entry whose work threw. One that only has to wait does not use up a try. */
async function putBack (job: Job<QueueEntry>, token: string | undefined, thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof EspalierError) || thrown.code !== 'quota-exceeded') return thrown
  await job.moveToDelayed(Date.now() + FULL_MS, token)
  return new DelayedError()
}
