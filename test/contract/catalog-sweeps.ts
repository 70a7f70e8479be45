/** What every Catalog must do with sweeps: made as a whole, closed once by those who saw all of it, opened again by a job that is queued again. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Catalog, JobRow, TenantCatalog } from '../../src/jobs/ports.ts'
import { resultOf } from '../../src/jobs/sweeps/result.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { artifact, MODEL, newFile, newSweep, RECEIPT } from './samples.ts'

const RESULT = resultOf([], null)
const BROKE = { code: 'target-missed', message: 'too little' } as const

export function catalogSweepsContract (name: string, get: () => Catalog): void {
  describe(`sweeps: ${name}`, () => {
    let catalog: Catalog
    let mine: TenantCatalog
    let id: string
    let jobs: JobRow[]

    beforeEach(async () => {
      catalog = get()
      mine = catalog.of(FIRST_TENANT)
      const model = await mine.createModel(newFile('swept'), MODEL);
      ({ sweep: { id }, jobs } = await mine.createSweep(newSweep(model.id, 3)))
    })
    const row = async () => (await mine.sweep(id))!
    const succeed = async (job: JobRow): Promise<void> => {
      await catalog.begin(job.id, job.attempt, 'w')
      assert.equal(await catalog.succeed(job.id, job.attempt, RECEIPT, [artifact('m.keras')]), true)
    }
    const endAll = async (): Promise<void> => { for (const job of jobs) await succeed(job) }

    test('it is made with all its jobs, in the order of their places', async () => {
      const sweep = await row()
      assert.deepEqual([sweep.state, sweep.opened, sweep.name, sweep.result, sweep.finishedAt, sweep.counts], ['running', 1, 'sparsities', null, null, { queued: 3 }])
      assert.deepEqual(await catalog.anySweep(id), sweep)
      assert.deepEqual(jobs.map(({ recipe, sweepId, state }) => [recipe.target, sweepId, state]), [[{ sparsity: 0.25 }, id, 'queued'], [{ sparsity: 0.5 }, id, 'queued'], [{ sparsity: 0.75 }, id, 'queued']])
      const points = await mine.sweepPoints(id)
      assert.deepEqual(points.map(({ job, place, state, attempt, before }) => [job, place, state, attempt, before]), jobs.map((job, place) => [job.id, place, 'queued', 1, null]))
      assert.equal((await mine.attempts(jobs[0]!.id)).length, 1)
      assert.deepEqual((await mine.jobs({ limit: 10, sweep: id })).items.map((job) => job.id), jobs.map((job) => job.id).reverse())
      assert.equal((await mine.sweep('swp_none')), null)
    })

    test('without its model nothing of it is made', async () => {
      const before = await mine.jobs({ limit: 1 })
      const made = newSweep('mdl_none', 2)
      await assert.rejects(mine.createSweep(made), { code: 'not-found' })
      await assert.rejects(mine.createSweep({ ...made, jobs: [] }), { code: 'invalid-request' })
      assert.deepEqual((await mine.jobs({ limit: 1 })).items, before.items)
      assert.equal((await mine.sweeps({ limit: 100, model: 'mdl_none' })).items.length, 0)
    })

    test('lists are paged and filtered', async () => {
      const model = (await row()).modelId
      const ids = [id]
      for (let made = 0; made < 2; made++) ids.unshift((await mine.createSweep(newSweep(model, 1))).sweep.id)
      const first = await mine.sweeps({ limit: 2, model })
      const second = await mine.sweeps({ limit: 2, model, cursor: first.next! })
      assert.deepEqual([...first.items, ...second.items].map((sweep) => sweep.id), ids)
      assert.equal(second.next, null)
      assert.equal((await mine.sweeps({ limit: 5, model, state: 'finished' })).items.length, 0)
    })

    test('points tell what receipts and errors say', async () => {
      await succeed(jobs[0]!)
      await catalog.fail(jobs[1]!.id, 1, BROKE)
      const points = await mine.sweepPoints(id)
      assert.deepEqual(points.map(({ state, error, before, after }) => [state, error, before, after]),
        [['succeeded', null, RECEIPT.before, RECEIPT.after], ['failed', BROKE, null, null], ['queued', null, null, null]])
      assert.deepEqual((await row()).counts, { queued: 1, succeeded: 1, failed: 1 })
    })

    test('it is told to have ended once all its jobs have, and is closed once', async () => {
      await succeed(jobs[0]!)
      await succeed(jobs[1]!)
      assert.ok(!(await catalog.endedSweeps()).includes(id))
      await catalog.fail(jobs[2]!.id, 1, BROKE)
      assert.ok((await catalog.endedSweeps()).includes(id))
      assert.equal(await catalog.closeSweep(id, 2, RESULT), false)
      assert.equal(await catalog.closeSweep(id, 1, RESULT), true)
      assert.equal(await catalog.closeSweep(id, 1, RESULT), false)
      const { state, result, finishedAt } = await row()
      assert.deepEqual([state, result, finishedAt instanceof Date], ['finished', RESULT, true])
      assert.ok(!(await catalog.endedSweeps()).includes(id))
      assert.ok((await mine.sweeps({ limit: 100, state: 'finished' })).items.some((sweep) => sweep.id === id))
    })

    test('a job that is queued again opens it, and a result made before does not close it', async () => {
      await succeed(jobs[0]!)
      await succeed(jobs[1]!)
      await catalog.fail(jobs[2]!.id, 1, BROKE)
      await catalog.closeSweep(id, 1, RESULT)
      const again = (await mine.retry(jobs[2]!.id))!
      const { state, opened, result, finishedAt } = await row()
      assert.deepEqual([state, opened, result, finishedAt], ['running', 2, null, null])
      await succeed(again)
      assert.equal(await catalog.closeSweep(id, 1, RESULT), false)
      assert.equal(await catalog.closeSweep(id, 2, RESULT), true)
    })

    test('retrying and closing at once: never closed with a job that is queued', async () => {
      for (let round = 0; round < 10; round++) {
        const { sweep, jobs: [job] } = await mine.createSweep(newSweep((await row()).modelId, 1))
        await catalog.fail(job!.id, 1, BROKE)
        await Promise.all([catalog.closeSweep(sweep.id, 1, RESULT), mine.retry(job!.id)])
        assert.deepEqual([(await mine.sweep(sweep.id))!.state, (await mine.job(job!.id))!.state], ['running', 'queued'])
      }
    })

    test('cancelling ends what waits and tells what works to stop', async () => {
      await succeed(jobs[0]!)
      await catalog.begin(jobs[1]!.id, 1, 'w')
      const changed = (await mine.requestCancelSweep(id))!
      assert.deepEqual(changed.map((job) => [job.id, job.attempt, job.state]).sort(), [[jobs[1]!.id, 1, 'cancelling'], [jobs[2]!.id, 1, 'cancelled']].sort())
      assert.deepEqual([(await row()).state, (await row()).counts], ['cancelling', { succeeded: 1, cancelling: 1, cancelled: 1 }])
      assert.deepEqual((await mine.attempts(jobs[2]!.id)).map(({ state, finishedAt }) => [state, finishedAt !== null]), [['cancelled', true]])
      assert.deepEqual(await mine.requestCancelSweep(id), [])
      assert.equal(await catalog.cancelled(jobs[1]!.id, 1), true)
      assert.equal(await catalog.closeSweep(id, 1, RESULT), true)
      assert.equal((await row()).state, 'cancelled')
      await assert.rejects(mine.requestCancelSweep(id), { code: 'conflict', message: /all jobs .* have ended/ })
      assert.equal(await mine.requestCancelSweep('swp_none'), null)
    })

    test('a paused job is cancelled with it; one that was faster leaves it finished', async () => {
      await mine.requestPause(jobs[0]!.id)
      await catalog.begin(jobs[1]!.id, 1, 'w')
      await catalog.begin(jobs[2]!.id, 1, 'w')
      await mine.requestCancelSweep(id)
      assert.equal((await mine.job(jobs[0]!.id))!.state, 'cancelled')
      const { sweep, jobs: [alone] } = await mine.createSweep(newSweep((await row()).modelId, 1))
      await catalog.begin(alone!.id, 1, 'w')
      await mine.requestCancelSweep(sweep.id)
      await catalog.fail(alone!.id, 1, BROKE)
      await catalog.closeSweep(sweep.id, 1, RESULT)
      assert.equal((await mine.sweep(sweep.id))!.state, 'finished')
    })

    test('it is deleted with its jobs once it has ended, and not without it', async () => {
      await assert.rejects(mine.deleteSweep(id), { code: 'conflict', message: /is running; only a sweep that has ended/ })
      await endAll()
      await assert.rejects(mine.deleteJob(jobs[0]!.id), { code: 'conflict', message: new RegExp(`point of ${id}`) })
      await catalog.closeSweep(id, 1, RESULT)
      assert.equal(await mine.deleteSweep(id), true)
      assert.equal(await mine.deleteSweep(id), false)
      assert.deepEqual([await mine.sweep(id), await mine.job(jobs[0]!.id), await mine.artifacts(jobs[0]!.id)], [null, null, []])
    })

    test('five hundred jobs at once', async () => {
      const { sweep, jobs: many } = await mine.createSweep(newSweep((await row()).modelId, 500))
      assert.deepEqual([many.length, sweep.counts], [500, { queued: 500 }])
      assert.equal((await mine.requestCancelSweep(sweep.id))!.length, 500)
      assert.ok((await catalog.endedSweeps()).includes(sweep.id))
    })
  })
}
