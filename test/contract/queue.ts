/** What every queue must do, both sides together. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue, QueueConsumer, QueueEntry, WorkEntry } from '../../src/jobs/ports.ts'
import type { QueueName } from '../../src/jobs/queues.ts'
import { queueOrderContract } from './queue-order.ts'

export interface QueueSystem {
  readonly queue: Queue
  consumer (options?: { concurrency?: number, lockMs?: number, queues?: readonly QueueName[] }): QueueConsumer
  dispose (): Promise<void>
}

/** Waits until `condition` holds; fails after `limitMs`. */
export async function until (condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!await condition()) {
    assert.ok(Date.now() < end, `not within ${limitMs} ms: ${condition.toString()}`)
    await sleep(10)
  }
}

export function queueContract (name: string, make: () => Promise<QueueSystem>): void {
  describe(`queue: ${name}`, () => {
    let system: QueueSystem
    let queue: Queue
    before(async () => { system = await make(); queue = system.queue })
    after(async () => { await system.dispose() })

    async function working (work: WorkEntry, use: (consumer: QueueConsumer) => Promise<void>, options = {}): Promise<void> {
      const consumer = system.consumer(options)
      await consumer.start(work)
      try { await use(consumer) } finally { await consumer.close() }
    }

    test('an entry is live from being added to being done, and is given once', async () => {
      const given: QueueEntry[] = []
      const entry = { jobId: 'job_a', attempt: 1 }
      assert.equal(await queue.isLive(entry), false)
      await queue.add(entry)
      await queue.add(entry)
      assert.equal(await queue.isLive(entry), true)
      assert.equal(await queue.isLive({ ...entry, attempt: 2 }), false)
      assert.deepEqual(await queue.counts(), { waiting: 1, active: 0 })
      let finish = (): void => {}
      await working(async (got) => { given.push(got); await new Promise<void>((resolve) => { finish = resolve }) }, async () => {
        await until(() => given.length === 1)
        assert.equal(await queue.isLive(entry), true)
        assert.deepEqual(await queue.counts(), { waiting: 0, active: 1 })
        await queue.add(entry)
        finish()
        await until(async () => !await queue.isLive(entry))
      })
      assert.deepEqual(given, [entry])
    })

    test('an entry that is done can be added again', async () => {
      let times = 0
      const entry = { jobId: 'job_again', attempt: 1 }
      await working(async () => { times++ }, async () => {
        for (let round = 1; round <= 3; round++) {
          await queue.remove(entry)
          await queue.add(entry)
          await until(() => times === round)
          await until(async () => !await queue.isLive(entry))
        }
      })
    })

    test('at most `concurrency` at once', async () => {
      let open = 0
      let most = 0
      let done = 0
      await working(async () => { most = Math.max(most, ++open); await sleep(30); open--; done++ }, async () => {
        for (let i = 0; i < 6; i++) await queue.add({ jobId: `job_c${i}`, attempt: 1 })
        await until(() => done === 6)
      }, { concurrency: 2 })
      assert.equal(most, 2)
    })

    test('a waiting entry is removed; removing what is not there is no error', async () => {
      const entry = { jobId: 'job_removed', attempt: 1 }
      await queue.add(entry)
      await queue.remove(entry)
      await queue.remove(entry)
      assert.equal(await queue.isLive(entry), false)
      const given: string[] = []
      await working(async ({ jobId }) => { given.push(jobId) }, async () => {
        await queue.add({ jobId: 'job_kept', attempt: 1 })
        await until(() => given.length > 0)
      })
      assert.deepEqual(given, ['job_kept'])
    })

    test('work longer than the lock keeps its entry', async () => {
      let times = 0
      await working(async () => { times++; await sleep(5000) }, async () => {
        await queue.add({ jobId: 'job_long', attempt: 1 })
        await until(() => times === 1)
        await working(async () => { times++ }, async () => {
          await until(async () => !await queue.isLive({ jobId: 'job_long', attempt: 1 }))
        }, { lockMs: 1500 })
      }, { lockMs: 1500 })
      assert.equal(times, 1)
    })

    test('an entry whose worker left without ending it is given again', async () => {
      const given: string[] = []
      const first = system.consumer({ lockMs: 500 })
      await first.start(async () => { given.push('first'); await new Promise(() => {}) })
      await queue.add({ jobId: 'job_orphan', attempt: 1 })
      await until(() => given.length === 1)
      await first.close({ force: true })
      assert.equal(await queue.isLive({ jobId: 'job_orphan', attempt: 1 }), true)
      await working(async () => { given.push('second') }, async () => { await until(() => given.length === 2) }, { lockMs: 500 })
      assert.deepEqual(given, ['first', 'second'])
    })

    test('work that throws is given again later, and is live until then', async () => {
      let times = 0
      const entry = { jobId: 'job_throws', attempt: 1 }
      await working(async () => { if (++times === 1) throw new Error('the database is away') }, async () => {
        await queue.add(entry)
        await until(() => times === 1)
        await sleep(50)
        assert.equal(await queue.isLive(entry), true)
        await until(() => times === 2)
        await until(async () => !await queue.isLive(entry))
      })
    })

    test('a wish reaches every consumer', async () => {
      const heard: string[] = []
      await working(async () => {}, async (a) => {
        await working(async () => {}, async (b) => {
          a.onWish((wish, jobId) => { heard.push(`a ${wish} ${jobId}`) })
          b.onWish((wish, jobId) => { heard.push(`b ${wish} ${jobId}`) })
          await queue.announce('cancel', 'job_x')
          await queue.announce('pause', 'job_y')
          await until(() => heard.length === 4)
        })
      })
      assert.deepEqual(heard.sort(), ['a cancel job_x', 'a pause job_y', 'b cancel job_x', 'b pause job_y'])
    })

    test('closing waits for the work under way and takes no more', async () => {
      const done: string[] = []
      const consumer = system.consumer()
      await consumer.start(async ({ jobId }) => { await sleep(200); done.push(jobId) })
      await queue.add({ jobId: 'job_last', attempt: 1 })
      await until(async () => (await queue.counts()).active === 1)
      const closing = consumer.close()
      await queue.add({ jobId: 'job_next', attempt: 1 })
      await closing
      assert.deepEqual(done, ['job_last'])
      assert.equal(await queue.isLive({ jobId: 'job_last', attempt: 1 }), false)
      assert.equal(await queue.isLive({ jobId: 'job_next', attempt: 1 }), true)
      await queue.remove({ jobId: 'job_next', attempt: 1 })
    })

    test('a consumer that was never started closes', async () => { await system.consumer().close() })

    queueOrderContract(() => queue, working)

    test('answers a ping', async () => { await queue.ping() })
  })
}
