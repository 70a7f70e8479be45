/** The Queue port on BullMQ: the side that adds entries. */
import { Queue as BullQueue } from 'bullmq'
import type { Queue, QueueCounts, QueueEntry } from '../../jobs/ports.ts'
import { QUEUE_NAMES, type QueueName } from '../../jobs/queues.ts'
import { atMost, connect, STEADY, within } from './connection.ts'
import { bullEntry } from './entries.ts'
import { createFlows } from './flows.ts'
import { bullQueue, callChannel, entryId, wishChannel, wishText } from './names.ts'

export interface QueueOptions {
  /** In front of every key, so that several installations share a server. */
  readonly prefix: string
  /** How long any call waits for a Valkey that went away, milliseconds. */
  readonly patience?: number
}

const LIVE = new Set(['waiting', 'active', 'delayed', 'prioritized', 'waiting-children'])
const CLOSE_MS = 2000

type Queues = Readonly<Record<QueueName, BullQueue<QueueEntry>>>

function openQueue (redisUrl: string, prefix: string, name: QueueName): BullQueue<QueueEntry> {
  const queue = new BullQueue<QueueEntry>(bullQueue(name), { connection: { url: redisUrl, ...STEADY }, prefix })
  queue.on('error', () => {}) // it reconnects; callers are told by `within`
  return queue
}

/** @throws `unavailable` from every method when Valkey stays away for longer than `patience` */
export function createQueue (redisUrl: string, { prefix, patience = 3000 }: QueueOptions): Queue {
  const queues = Object.fromEntries(QUEUE_NAMES.map((name) => [name, openQueue(redisUrl, prefix, name)])) as Queues
  const channel = connect(redisUrl)
  const flows = createFlows(redisUrl, { prefix, patience })

  /** Where an entry may be: in its queue, or anywhere when it does not say. */
  function placesOf ({ queue }: QueueEntry): Array<BullQueue<QueueEntry>> {
    return queue === undefined ? Object.values(queues) : [queues[queue]]
  }

  async function countsOf (queue: BullQueue<QueueEntry>): Promise<QueueCounts> {
    const counts = await queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active')
    return { waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0), active: counts['active'] ?? 0, delayed: counts['delayed'] ?? 0 }
  }

  async function countsByQueue (): Promise<Record<QueueName, QueueCounts>> {
    const counted = await within(patience, Promise.all(QUEUE_NAMES.map(async (name) => [name, await countsOf(queues[name])] as const)))
    return Object.fromEntries(counted) as Record<QueueName, QueueCounts>
  }

  return {
    async add (entry) {
      const { name, data, opts } = bullEntry(entry)
      await within(patience, queues[entry.queue ?? 'default'].add(name, data, opts))
      await within(patience, channel.publish(callChannel(prefix), 'added'))
    },

    async addSweep (sweepId, entries) {
      await flows.addSweep(sweepId, entries)
      await within(patience, channel.publish(callChannel(prefix), 'added'))
    },

    async isLive (entry) {
      const states = await within(patience, Promise.all(placesOf(entry).map(async (queue) => await queue.getJobState(entryId(entry)))))
      return states.some((state) => LIVE.has(state))
    },

    async remove (entry) {
      await within(patience, Promise.all(placesOf(entry).map(async (queue) => await queue.remove(entryId(entry)))))
    },

    async counts () {
      const all = Object.values(await countsByQueue())
      const sum = (of: (counts: QueueCounts) => number): number => all.reduce((total, counts) => total + of(counts), 0)
      return { waiting: sum(({ waiting, delayed }) => waiting + delayed), active: sum(({ active }) => active) }
    },

    countsByQueue,

    async announce (wish, jobId) {
      await within(patience, channel.publish(wishChannel(prefix), wishText(wish, jobId)))
    },

    async ping () {
      await within(patience, channel.ping())
    },

    async close () {
      // By force: nothing is under way that a caller still waits for, and a polite farewell would wait for a Valkey that is away.
      await flows.close()
      await Promise.all(Object.values(queues).map(async (queue) => { await atMost(CLOSE_MS, queue.getBackend().close(true)) }))
      channel.disconnect()
    },
  }
}
