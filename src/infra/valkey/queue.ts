/** The Queue port on BullMQ: the side that adds entries. */
import { Queue as BullQueue } from 'bullmq'
import type { Queue, QueueEntry } from '../../jobs/ports.ts'
import { atMost, connect, STEADY, within } from './connection.ts'
import { bullEntry } from './entries.ts'
import { createFlows } from './flows.ts'
import { entryId, QUEUE_NAME, wishChannel, wishText } from './names.ts'

export interface QueueOptions {
  /** In front of every key, so that several installations share a server. */
  readonly prefix: string
  /** How long any call waits for a Valkey that went away, milliseconds. */
  readonly patience?: number
}

const LIVE = new Set(['waiting', 'active', 'delayed', 'prioritized', 'waiting-children'])
const CLOSE_MS = 2000

/** @throws `unavailable` from every method when Valkey stays away for longer than `patience` */
export function createQueue (redisUrl: string, { prefix, patience = 3000 }: QueueOptions): Queue {
  const queue = new BullQueue<QueueEntry>(QUEUE_NAME, { connection: { url: redisUrl, ...STEADY }, prefix })
  queue.on('error', () => {}) // it reconnects; callers are told by `within`
  const channel = connect(redisUrl)
  const flows = createFlows(redisUrl, { prefix, patience })

  return {
    async add (entry) {
      const { name, data, opts } = bullEntry(entry)
      await within(patience, queue.add(name, data, opts))
    },

    addSweep: flows.addSweep,

    async isLive (entry) {
      return LIVE.has(await within(patience, queue.getJobState(entryId(entry))))
    },

    async remove (entry) {
      await within(patience, queue.remove(entryId(entry)))
    },

    async counts () {
      const counts = await within(patience, queue.getJobCounts('waiting', 'delayed', 'active'))
      return { waiting: (counts['waiting'] ?? 0) + (counts['delayed'] ?? 0), active: counts['active'] ?? 0 }
    },

    async announce (wish, jobId) {
      await within(patience, channel.publish(wishChannel(prefix), wishText(wish, jobId)))
    },

    async ping () {
      await within(patience, channel.ping())
    },

    async close () {
      // By force: nothing is under way that a caller still waits for, and a polite farewell would wait for a Valkey that is away.
      await atMost(CLOSE_MS, queue.getBackend().close(true))
      await flows.close()
      channel.disconnect()
    },
  }
}
