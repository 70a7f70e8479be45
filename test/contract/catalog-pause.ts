/** How every Catalog must pause jobs and let them go on. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Catalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { artifact, newJob, RECEIPT } from './samples.ts'

const PROGRESS = { stage: 'training', done: 3, total: 10, etaSeconds: 1.5 }

export function catalogPauseContract (name: string, catalog: () => Catalog): void {
  const state = async (id: string): Promise<string | undefined> => (await catalog().of(FIRST_TENANT).job(id))?.state
  const attempts = async (id: string): Promise<Array<[string, boolean]>> => (await catalog().of(FIRST_TENANT).attempts(id)).map((one) => [one.state, one.finishedAt !== null])
  const running = async (): Promise<string> => {
    const { id } = await newJob(catalog())
    await catalog().begin(id, 1, 'w')
    return id
  }

  describe(`catalog, pausing: ${name}`, () => {
    test('a waiting job is paused at once, and is not begun', async () => {
      const { id } = await newJob(catalog())
      assert.equal(await catalog().of(FIRST_TENANT).requestPause(id), 'paused')
      assert.deepEqual([(await catalog().of(FIRST_TENANT).job(id))?.finishedAt, await attempts(id)], [null, [['paused', true]]])
      assert.deepEqual(await catalog().begin(id, 1, 'w'), { begun: false, state: 'paused' })
      await assert.rejects(catalog().of(FIRST_TENANT).requestPause(id), { code: 'conflict', message: /is paused; only a queued or running job can be paused/ })
      assert.ok(!(await catalog().unfinished(0)).some((job) => job.id === id))
    })

    test('a running job keeps what its worker tells until it has stopped, and goes on as its next attempt', async () => {
      const id = await running()
      assert.equal(await catalog().of(FIRST_TENANT).requestPause(id), 'pausing')
      assert.equal(await catalog().of(FIRST_TENANT).requestPause(id), 'pausing')
      assert.deepEqual(await catalog().begin(id, 1, 'other'), { begun: false, state: 'pausing' })
      assert.ok((await catalog().unfinished(0)).some((job) => job.id === id))
      assert.equal(await catalog().progress(id, 1, PROGRESS), true)
      assert.equal(await catalog().checkpoint(id, 1, { sha256: 'c'.repeat(64), bytes: 1 }), true)
      assert.equal(await catalog().metrics(id, 1, { points: [{ step: 3, epoch: 1, values: { loss: 1 } }] }), true)
      await assert.rejects(catalog().of(FIRST_TENANT).resume(id), { code: 'conflict', message: /is pausing; only a paused job can be resumed/ })
      assert.equal(await catalog().paused(id, 2), false)
      assert.equal(await catalog().paused(id, 1), true)
      assert.equal(await catalog().paused(id, 1), false)
      const paused = await catalog().of(FIRST_TENANT).job(id)
      assert.deepEqual([paused?.state, paused?.finishedAt, paused?.progress, await attempts(id)], ['paused', null, PROGRESS, [['paused', true]]])
      assert.ok((await catalog().referencedBlobs()).has('c'.repeat(64)))
      await assert.rejects(catalog().of(FIRST_TENANT).deleteJob(id), { code: 'conflict' })
      await assert.rejects(catalog().of(FIRST_TENANT).retry(id), { code: 'conflict' })
      const resumed = await catalog().of(FIRST_TENANT).resume(id)
      assert.deepEqual([resumed?.state, resumed?.attempt, resumed?.checkpoint?.sha256, resumed?.startedAt], ['queued', 2, 'c'.repeat(64), paused?.startedAt])
      await assert.rejects(catalog().of(FIRST_TENANT).resume(id), { code: 'conflict' })
      assert.equal((await catalog().begin(id, 2, 'other')).begun, true)
      assert.notEqual((await catalog().of(FIRST_TENANT).attempts(id))[1]?.resumedFrom, null)
      assert.deepEqual(await attempts(id), [['paused', true], ['running', false]])
    })

    test('a job that ends while it is to be paused has ended', async () => {
      const [good, bad] = [await running(), await running()]
      for (const id of [good, bad]) await catalog().of(FIRST_TENANT).requestPause(id)
      assert.equal(await catalog().succeed(good, 1, RECEIPT, [artifact('x')]), true)
      assert.equal(await catalog().fail(bad, 1, { code: 'engine-crashed', message: 'x' }), true)
      for (const id of [good, bad]) {
        assert.equal(await catalog().paused(id, 1), false)
        await assert.rejects(catalog().of(FIRST_TENANT).requestPause(id), { code: 'conflict' })
        await assert.rejects(catalog().of(FIRST_TENANT).resume(id), { code: 'conflict' })
      }
      assert.deepEqual([await state(good), await state(bad)], ['succeeded', 'failed'])
    })

    test('a cancel holds over a pause, before and after', async () => {
      const [pausing, paused] = [await running(), await running()]
      for (const id of [pausing, paused]) await catalog().of(FIRST_TENANT).requestPause(id)
      await catalog().paused(paused, 1)
      assert.deepEqual([await catalog().of(FIRST_TENANT).requestCancel(pausing), await catalog().of(FIRST_TENANT).requestCancel(paused)], ['cancelling', 'cancelled'])
      assert.equal(await catalog().paused(pausing, 1), false)
      await assert.rejects(catalog().of(FIRST_TENANT).requestPause(pausing), { code: 'conflict' })
      assert.equal(await catalog().cancelled(pausing, 1), true)
      for (const id of [pausing, paused]) {
        assert.ok((await catalog().of(FIRST_TENANT).job(id))?.finishedAt instanceof Date)
        assert.deepEqual(await attempts(id), [['cancelled', true]])
        assert.equal((await catalog().of(FIRST_TENANT).retry(id))?.state, 'queued')
      }
    })

    test('pause and success at once: one of them', async () => {
      for (let round = 0; round < 10; round++) {
        const id = await running()
        const [pause, success] = await Promise.allSettled([catalog().of(FIRST_TENANT).requestPause(id), catalog().succeed(id, 1, RECEIPT, [artifact('x')])])
        assert.ok(success.status === 'fulfilled' && success.value, 'a success is never lost to a pause')
        if (pause.status === 'rejected') assert.equal((pause.reason as { code: string }).code, 'conflict')
        assert.equal(await state(id), 'succeeded')
      }
    })

    test('several resumes at once make one new attempt; what is not there is null', async () => {
      const { id } = await newJob(catalog())
      await catalog().of(FIRST_TENANT).requestPause(id)
      const resumes = await Promise.allSettled([1, 2, 3].map(async () => await catalog().of(FIRST_TENANT).resume(id)))
      assert.equal(resumes.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.equal((await catalog().of(FIRST_TENANT).job(id))?.attempt, 2)
      for (const none of ['job_none', '', 'a\u0000b']) assert.deepEqual([await catalog().of(FIRST_TENANT).requestPause(none), await catalog().of(FIRST_TENANT).resume(none)], [null, null])
    })
  })
}
