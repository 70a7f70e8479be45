/** In which order entries are given, from which queues, and what becomes of those that a worker does not end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue, QueueConsumer, QueueEntry, WorkEntry } from '../../src/jobs/ports.ts'
import { until } from './queue.ts'

type Working = (work: WorkEntry, use: (consumer: QueueConsumer) => Promise<void>, options?: object) => Promise<void>

export function queueOrderContract (of: () => Queue, working: Working): void {
  async function given (entries: readonly QueueEntry[], options: object = {}): Promise<string[]> {
    const order: string[] = []
    for (const entry of entries) await of().add(entry)
    await working(async ({ jobId }) => { order.push(jobId) }, async () => { await until(() => order.length === entries.length) }, options)
    return order
  }

  test('the higher priority first, within one the earlier; none is priority 0', async () => {
    const priorities = [0, undefined, 9, 5, 0, 9, 1, undefined]
    const order = await given(priorities.map((priority, i) => ({ jobId: `job_p${i}`, attempt: 1, ...(priority !== undefined && { priority }) })))
    assert.deepEqual(order, ['job_p2', 'job_p5', 'job_p3', 'job_p6', 'job_p0', 'job_p1', 'job_p4', 'job_p7'])
  })

  test('a queue is worked on by those who serve it alone, and is counted by itself', async () => {
    const queue = of()
    const [plain, large] = [{ jobId: 'job_plain', attempt: 1 }, { jobId: 'job_large', attempt: 1, queue: 'large' }] as const
    for (const entry of [plain, large, { ...large, attempt: 2 }]) await queue.add(entry)
    const none = { waiting: 0, active: 0, delayed: 0 }
    assert.deepEqual(await queue.countsByQueue(), { default: { ...none, waiting: 1 }, large: { ...none, waiting: 2 }, gpu: none })
    assert.deepEqual(await queue.counts(), { waiting: 3, active: 0 })
    const taken: string[] = []
    await working(async ({ jobId, attempt }) => { taken.push(`${jobId}-${attempt}`) }, async () => { await until(() => taken.length === 2); await sleep(100) }, { queues: ['large', 'gpu'] })
    assert.deepEqual(taken, ['job_large-1', 'job_large-2'])
    assert.equal(await queue.isLive(plain), true)
    assert.equal(await queue.isLive({ ...plain, queue: 'large' }), false)
    await queue.remove(plain)
  })

  test('an entry is found and removed by its id when its queue is not told', async () => {
    const queue = of()
    await queue.add({ jobId: 'job_somewhere', attempt: 1, queue: 'gpu' })
    assert.equal(await queue.isLive({ jobId: 'job_somewhere', attempt: 1 }), true)
    await queue.remove({ jobId: 'job_somewhere', attempt: 1 })
    assert.equal(await queue.isLive({ jobId: 'job_somewhere', attempt: 1 }), false)
  })

  test('queues served together take turns and share the concurrency', async () => {
    const entries = (['default', 'large', 'gpu'] as const).flatMap((queue) => [1, 2, 3, 4].map((i) => ({ jobId: `job_${queue}${i}`, attempt: 1, queue })))
    const order: string[] = []
    let open = 0
    let most = 0
    for (const entry of entries) await of().add(entry)
    await working(async ({ jobId }) => { most = Math.max(most, ++open); order.push(jobId); await sleep(20); open-- }, async () => { await until(() => order.length === 12) }, { queues: ['default', 'large', 'gpu'], concurrency: 2 })
    assert.equal(most, 2)
    for (let round = 0; round < 4; round++) {
      assert.deepEqual(order.slice(3 * round, 3 * round + 3).sort(), [`job_default${round + 1}`, `job_gpu${round + 1}`, `job_large${round + 1}`])
    }
  })

  test('an entry given back goes to another worker at once, before those of its priority', async () => {
    const order: string[] = []
    let closing: Promise<void> | undefined
    for (const jobId of ['job_back', 'job_behind']) await of().add({ jobId, attempt: 1 })
    await working(async ({ jobId }) => { order.push(`first ${jobId}`); await until(() => closing !== undefined); return 'again' }, async (first) => {
      await until(() => order.length === 1)
      closing = first.close()
      await closing
      const start = performance.now()
      await working(async ({ jobId }) => { order.push(`second ${jobId}`) }, async () => { await until(() => order.length === 3) })
      assert.ok(performance.now() - start < 1500, 'it waited')
    })
    assert.deepEqual(order, ['first job_back', 'second job_back', 'second job_behind'])
  })

  test('an entry that is for another worker does not hold up the others', async () => {
    const order: string[] = []
    for (const jobId of ['job_heavy', 'job_light']) await of().add({ jobId, attempt: 1 })
    await working(async ({ jobId }) => {
      order.push(jobId)
      if (jobId === 'job_heavy' && order.length === 1) return 'elsewhere'
    }, async () => {
      await until(() => order.length === 2)
      assert.deepEqual(await of().countsByQueue().then((counts) => counts.default.delayed), 1)
      assert.equal(await of().isLive({ jobId: 'job_heavy', attempt: 1 }), true)
      await until(() => order.length === 3)
    })
    assert.deepEqual(order, ['job_heavy', 'job_light', 'job_heavy'])
  })
}
