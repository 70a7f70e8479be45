/** The QueueConsumer port on BullMQ: the side that works on entries, of several queues at once. */
import type { QueueConsumer, Wish, WorkEntry } from '../../jobs/ports.ts'
import type { QueueName } from '../../jobs/queues.ts'
import { atMost, connect, STEADY } from './connection.ts'
import { QueueHand } from './hand.ts'
import { bullQueue, callChannel, wishChannel, wishOf } from './names.ts'
import { startPump, type Pump } from './pump.ts'

export interface ConsumerOptions {
  readonly prefix: string
  /** Queues that entries are taken from, in turn; asked each time, as there may be more later. Absent: `default` alone. */
  readonly queues?: () => readonly QueueName[]
  /** Entries worked on at once, of all queues together. */
  readonly concurrency: number
  /** An entry is given again when its worker did not renew the lock for this long, milliseconds. */
  readonly lockMs: number
  readonly workerName: string
  /** Told of trouble that heals by itself: lost connections, entries whose lock was lost. */
  readonly onTrouble?: (error: Error) => void
}

/** The limit on starts is the Catalog's; BullMQ may give an entry as often as its workers die. */
const ANY_NUMBER = 1_000_000
/** Entries are called out when they are added; those that were delayed, or whose call got lost, are found by looking. */
const IDLE_MS = 500
const RETRY_MS = 1000
const READY_MS = 5000
const CLOSE_MS = 1500

export function createConsumer (redisUrl: string, { prefix, queues = () => ['default'], concurrency, lockMs, workerName, onTrouble = () => {} }: ConsumerOptions): QueueConsumer {
  const listeners: Array<(wish: Wish, jobId: string) => void> = []
  const running = new Set<Promise<unknown>>()
  const hands = new Map<QueueName, QueueHand>()
  const channel = connect(redisUrl)
  let pump: Pump | undefined
  let closed = false
  channel.on('message', (name: string, text: string) => {
    if (name === callChannel(prefix)) return pump?.call()
    const told = wishOf(text)
    if (told !== undefined) for (const listener of listeners) listener(told.wish, told.jobId)
  })

  function handOf (queue: QueueName, work: WorkEntry): QueueHand {
    const known = hands.get(queue)
    if (known !== undefined) return known
    const hand = new QueueHand(bullQueue(queue), work, {
      connection: { url: redisUrl, ...STEADY },
      prefix,
      name: workerName.replaceAll(/[^\w.-]/g, '-'), // becomes part of a connection's name, which holds no spaces
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: ANY_NUMBER,
      runRetryDelay: RETRY_MS,
    })
    hand.on('error', onTrouble)
    hands.set(queue, hand)
    void hand.watch()
    return hand
  }

  return {
    async start (work) {
      if (pump !== undefined || closed) return
      const tracked: WorkEntry = async (entry) => {
        const run = work(entry)
        running.add(run)
        try { return await run } finally { running.delete(run) }
      }
      const served = (): QueueHand[] => queues().map((queue) => handOf(queue, tracked))
      // When Valkey is not there yet, entries and announcements come once it is.
      await atMost(READY_MS, Promise.all([...served().map(async (hand) => { await hand.waitUntilReady() }), channel.subscribe(wishChannel(prefix), callChannel(prefix))]))
      if (!closed) pump = startPump({ sources: served, concurrency, idleMs: IDLE_MS, retryMs: RETRY_MS, onTrouble })
    },

    onWish (listener) {
      listeners.push(listener)
    },

    async close ({ force = false } = {}) {
      closed = true
      const stopping = pump?.stop()
      if (!force) {
        await Promise.allSettled(running)
        await atMost(CLOSE_MS, Promise.all([stopping, pump?.settled()])) // the entries are told to be done
      }
      // By force, as a polite farewell would wait for a Valkey that is away.
      await Promise.all([...hands.values()].map(async (hand) => { await atMost(CLOSE_MS, hand.close(true)) }))
      channel.disconnect()
    },
  }
}
