/** What every queue must do with sweeps: the entry of a sweep comes after those of its jobs, whatever becomes of them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue, QueueConsumer, QueueEntry, SweepConsumer } from '../../src/jobs/ports.ts'
import { until } from './queue.ts'

export interface SweepQueueSystem {
  readonly queue: Queue
  consumer (options?: { concurrency?: number, lockMs?: number }): QueueConsumer
  sweeps (lockMs?: number): SweepConsumer
  dispose (): Promise<void>
}

export function queueSweepsContract (name: string, make: () => Promise<SweepQueueSystem>): void {
  describe(`sweeps in the queue: ${name}`, () => {
    let system: SweepQueueSystem
    let queue: Queue
    before(async () => { system = await make(); queue = system.queue })
    after(async () => { await system.dispose() })

    const entries = (sweep: string, number: number): QueueEntry[] => Array.from({ length: number }, (_, at) => ({ jobId: `job_${sweep}${at}`, attempt: 1 }))

    /** Works on jobs, and notes which sweeps are to be closed; `ended` says whether they are. */
    async function working (work: (entry: QueueEntry) => Promise<void>, ended: (sweep: string) => boolean, use: (told: string[]) => Promise<void>): Promise<void> {
      const told: string[] = []
      const jobs = system.consumer({ concurrency: 2, lockMs: 1000 })
      const sweeps = system.sweeps(1000)
      await jobs.start(work)
      await sweeps.start(async (sweep) => { told.push(sweep); return ended(sweep) })
      try { await use(told) } finally { await jobs.close(); await sweeps.close() }
    }

    test('the sweep comes once, after all of its jobs, also those that threw first', async () => {
      const done = new Set<string>()
      let thrown = 0
      await queue.addSweep('swp_all', entries('all', 5))
      assert.equal((await queue.counts()).waiting, 5)
      await working(async ({ jobId }) => {
        if (jobId === 'job_all2' && thrown++ === 0) throw new Error('the database is away')
        await sleep(20)
        done.add(jobId)
      }, () => { assert.equal(done.size, 5); return true }, async (told) => {
        await until(() => told.length > 0)
        await sleep(100)
        assert.deepEqual([told, done.size], [['swp_all'], 5])
      })
    })

    test('entries are live and added once, in a sweep or alone; one that is added alone first joins its sweep', async () => {
      const [first, second] = entries('twice', 2)
      const given: string[] = []
      await queue.add(first!)
      await queue.addSweep('swp_twice', [first!, second!])
      await queue.addSweep('swp_twice', [second!])
      assert.deepEqual([await queue.isLive(first!), await queue.isLive(second!), (await queue.counts()).waiting], [true, true, 2])
      await working(async ({ jobId }) => { given.push(jobId) }, () => true, async (told) => {
        await until(() => told.length === 1)
        assert.deepEqual(given.sort(), ['job_twice0', 'job_twice1'])
        await until(async () => !await queue.isLive(first!))
      })
    })

    test('removed entries are not waited for', async () => {
      const [first, second] = entries('removed', 2)
      await queue.addSweep('swp_removed', [first!, second!])
      await working(async () => {}, () => true, async (told) => {
        await until(async () => !await queue.isLive(first!))
        await queue.remove(second!)
        await until(() => told.includes('swp_removed'))
      })
      await queue.addSweep('swp_none', entries('none', 3))
      for (const entry of entries('none', 3)) await queue.remove(entry)
      await working(async () => {}, () => true, async (told) => { await until(() => told.includes('swp_none')) })
    })

    test('a sweep that has not ended comes again with the job that is added next', async () => {
      const [first] = entries('again', 1)
      let open = true
      await queue.addSweep('swp_again', [first!])
      await working(async () => {}, () => !open, async (told) => {
        await until(() => told.length === 1)
        await sleep(100)
        assert.equal(told.length, 1)
        open = false
        await queue.addSweep('swp_again', [{ jobId: first!.jobId, attempt: 2 }])
        await until(() => told.length === 2)
      })
    })

    test('a job that is added while the sweep is being closed brings it back', async () => {
      const [first, second] = entries('meanwhile', 2)
      let round = 0
      let finish = (): void => {}
      const told: string[] = []
      const jobs = system.consumer({ concurrency: 2, lockMs: 1000 })
      const sweeps = system.sweeps(1000)
      await jobs.start(async ({ jobId }) => { if (jobId === second!.jobId) await new Promise<void>((resolve) => { finish = resolve }) })
      await sweeps.start(async (sweep) => {
        told.push(sweep)
        if (round++ > 0) return true
        await queue.addSweep(sweep, [second!])
        return false
      })
      await queue.addSweep('swp_meanwhile', [first!])
      await until(() => round === 1)
      await until(async () => (await queue.counts()).active === 1)
      await sleep(50)
      assert.equal(round, 1)
      finish()
      await until(() => round === 2)
      await jobs.close()
      await sweeps.close()
      assert.deepEqual(told, ['swp_meanwhile', 'swp_meanwhile'])
    })

    test('closing that throws, or whose worker is gone, is done again', async () => {
      await queue.addSweep('swp_throws', entries('throws', 1))
      const told: string[] = []
      const gone = system.sweeps(500)
      await gone.start(async () => { told.push('gone'); return await new Promise<boolean>(() => {}) })
      const jobs = system.consumer()
      await jobs.start(async () => {})
      await until(() => told.length === 1)
      await gone.close()
      const next = system.sweeps(500)
      await next.start(async (sweep) => { told.push(sweep); if (told.length === 2) throw new Error('the database is away'); return true })
      await until(() => told.length === 3, 20_000)
      await jobs.close()
      await next.close()
      assert.deepEqual(told, ['gone', 'swp_throws', 'swp_throws'])
    })

    test('five hundred jobs at once', async () => {
      const many = entries('many', 500)
      await queue.addSweep('swp_many', many)
      assert.equal((await queue.counts()).waiting, 500)
      for (const entry of many) await queue.remove(entry)
    })
  })
}
