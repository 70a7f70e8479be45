/** Sweeps from submission to their end over real Postgres and Valkey, and what happens when the queue forgets them or a worker dies. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { EspalierError } from '../../src/errors.ts'
import { createConsumer } from '../../src/infra/valkey/consumer.ts'
import { createSweepConsumer } from '../../src/infra/valkey/flows.ts'
import { createQueue } from '../../src/infra/valkey/queue.ts'
import type { JobRow, Queue, TenantCatalog } from '../../src/jobs/ports.ts'
import type { PointRow, SweepRow } from '../../src/jobs/sweeps/ports.ts'
import { parsePick } from '../../src/jobs/sweeps/picks/index.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { cancelSweep } from '../../src/jobs/use-cases/cancel-sweep.ts'
import { closeEndedSweeps, closeSweep } from '../../src/jobs/use-cases/close-sweep.ts'
import { pauseJob, resumeJob } from '../../src/jobs/use-cases/pause-job.ts'
import { reconcile } from '../../src/jobs/use-cases/reconcile.ts'
import { retryJob } from '../../src/jobs/use-cases/retry-job.ts'
import { runAttempt } from '../../src/jobs/use-cases/run-attempt.ts'
import { submitSweep } from '../../src/jobs/use-cases/submit-sweep.ts'
import type { QueueEntry, Runner } from '../../src/jobs/ports.ts'
import { until } from '../contract/queue.ts'
import { held, makeWorkplace, NO_SIGNAL, runner, type Workplace } from '../contract/workplace.ts'
import { freshPrefix } from '../support/queue.ts'

const RECIPE = { method: 'magnitude', evaluation: false }
const grid = (...values: number[]) => ({ recipe: RECIPE, grid: { 'target.sparsity': values }, pick: null })

let work: Workplace
let mine: TenantCatalog
let queue: Queue

before(async () => {
  work = await makeWorkplace()
  mine = work.catalog.of(FIRST_TENANT)
  queue = work.queue
})
after(async () => { await work.dispose() })
beforeEach(async () => { await work.settle(); await closeEndedSweeps(work.catalog) })

const submit = async (request: Parameters<typeof submitSweep>[1]['request'], to = queue): Promise<SweepRow> => await submitSweep({ catalog: mine, queue: to }, { model: await work.storeModel(), request })
const pointsOf = async ({ id }: SweepRow): Promise<PointRow[]> => await mine.sweepPoints(id)
const jobOf = async ({ job }: PointRow): Promise<JobRow> => (await mine.job(job))!
const stateOf = async ({ id }: SweepRow): Promise<string> => (await mine.sweep(id))!.state

describe('submitting', () => {
  test('a sweep is rows and entries, in the order of the grid', async () => {
    const sweep = await submit(grid(0.5, 0.8))
    const points = await pointsOf(sweep)
    for (const point of points) assert.equal(await queue.isLive({ jobId: point.job, attempt: 1 }), true)
    assert.deepEqual(await Promise.all(points.map(async (point) => (await jobOf(point)).recipe.target)), [{ sparsity: 0.5 }, { sparsity: 0.8 }])
  })

  test('whatever is wrong is told before anything is made', async () => {
    const model = await work.storeModel()
    const send = async (submission: object) => await submitSweep({ catalog: mine, queue }, { model, request: grid(0.5), ...submission })
    await assert.rejects(send({ request: grid(0.5, 2) }), { code: 'invalid-recipe' })
    await assert.rejects(send({ model: 'mdl_none' }), { code: 'not-found' })
    await assert.rejects(send({ dataset: 'dst_none' }), { code: 'not-found' })
    await assert.rejects(send({ request: { recipes: [RECIPE, { method: 'one-shot', criterion: 'wanda', target: { sparsity: 0.5 } }].slice(1), pick: null } }), { code: 'invalid-request', message: /^recipes\[0\]: the criterion wanda/ })
    assert.deepEqual((await mine.jobs({ limit: 10, model })).items, [])
    assert.deepEqual((await mine.sweeps({ limit: 10, model })).items, [])
  })

  test('without a queue it is taken all the same, and reconciled', async () => {
    const away = { ...queue, addSweep: async () => { throw new EspalierError('unavailable', 'Valkey does not answer') } }
    const sweep = await submit(grid(0.5, 0.8), away)
    const jobs = (await pointsOf(sweep)).map(({ job }) => job)
    assert.deepEqual((await reconcile({ catalog: work.catalog, queue, graceMs: 0 })).enqueued.sort(), jobs)
    for (const jobId of jobs) assert.equal(await queue.isLive({ jobId, attempt: 1 }), true)
  })
})

describe('closing', () => {
  test('not before all jobs have ended; then with the result, once', async () => {
    const sweep = await submit({ ...grid(0.5, 0.8), pick: parsePick('knee') })
    const [first, second] = await pointsOf(sweep)
    assert.equal(await work.attempt(await jobOf(first!)), 'succeeded')
    assert.equal(await closeSweep(work.catalog, sweep.id), false)
    await work.catalog.fail(second!.job, 1, { code: 'target-missed', message: 'no' })
    assert.deepEqual(await closeEndedSweeps(work.catalog), [sweep.id])
    assert.equal(await closeSweep(work.catalog, sweep.id), true)
    const { state, result } = (await mine.sweep(sweep.id))!
    assert.equal(state, 'finished')
    assert.deepEqual(result, { metric: null, pareto: { bytes: [], macs: [], latency: [], all: [] }, picked: { job: null, because: 'no point has both a metric and a figure for bytes' } })
    assert.equal(await closeSweep(work.catalog, 'swp_none'), true)
  })

  test('cancelling: waiting jobs at once and out of the queue, working ones by their workers', async () => {
    const sweep = await submit(grid(0.5, 0.7, 0.9))
    const [first, second, third] = await pointsOf(sweep)
    const busy = held()
    const working = work.attempt(await jobOf(second!), { by: busy.by })
    await busy.begun
    const asked = await cancelSweep({ catalog: mine, queue }, sweep.id)
    assert.deepEqual([asked.state, asked.counts], ['cancelling', { cancelled: 2, cancelling: 1 }])
    for (const point of [first!, third!]) assert.equal(await queue.isLive({ jobId: point.job, attempt: 1 }), false)
    assert.equal(await working, 'cancelled')
    assert.deepEqual(await closeEndedSweeps(work.catalog), [sweep.id])
    assert.equal(await stateOf(sweep), 'cancelled')
    await assert.rejects(cancelSweep({ catalog: mine, queue }, sweep.id), { code: 'conflict' })
    await assert.rejects(cancelSweep({ catalog: mine, queue }, 'swp_none'), { code: 'not-found' })
    await retryJob({ catalog: mine, queue }, first!.job)
    assert.equal(await stateOf(sweep), 'running')
  })
})

describe('with workers', () => {
  /** A queue, and workers of both kinds on it. */
  async function crew (use: (queue: Queue, hire: (name: string, by: Runner, lockMs?: number) => Promise<{ leave (force: boolean): Promise<void> }>) => Promise<void>): Promise<void> {
    const own = freshPrefix()
    const ownQueue = createQueue(own.url, { prefix: own.prefix })
    const hired: Array<(force: boolean) => Promise<void>> = []
    try {
      await use(ownQueue, async (name, by, lockMs = 2000) => {
        const jobs = createConsumer(own.url, { prefix: own.prefix, concurrency: 2, lockMs, workerName: name })
        const sweeps = createSweepConsumer(own.url, { prefix: own.prefix, lockMs })
        const run = async (entry: QueueEntry) => { await runAttempt({ catalog: work.catalog, blobs: work.fileBlobs, runner: by, entry, worker: name, scratch: work.scratch, signal: NO_SIGNAL, pause: NO_SIGNAL, watchMs: 50 }) }
        await jobs.start(run)
        await sweeps.start(async (id) => await closeSweep(work.catalog, id))
        let left: Promise<unknown> | undefined
        const leave = async (force: boolean): Promise<void> => { await (left ??= Promise.all([jobs.close({ force }), sweeps.close()])) }
        hired.push(leave)
        return { leave }
      })
    } finally {
      for (const leave of hired) await leave(false)
      await ownQueue.close()
    }
  }
  /** Fails for the sparsity 0.7. */
  const picky: Runner = { run: async (request, hooks) => { if (JSON.stringify(request.recipe.target).includes('0.7')) throw new EspalierError('target-missed', 'too much'); return await runner.run(request, hooks) } }

  test('the queue itself closes the sweep, one point failing or not; a retried point opens it and it is closed again', async () => {
    await crew(async (own, hire) => {
      await hire('a', picky)
      await hire('b', picky)
      const sweep = await submit(grid(0.5, 0.6, 0.7, 0.8, 0.9), own)
      await until(async () => await stateOf(sweep) === 'finished')
      const points = await pointsOf(sweep)
      assert.deepEqual(points.map(({ state }) => state), ['succeeded', 'succeeded', 'failed', 'succeeded', 'succeeded'])
      assert.deepEqual(points[2]!.error, { code: 'target-missed', message: 'too much' })
      await retryJob({ catalog: mine, queue: own }, points[2]!.job)
      await until(async () => await stateOf(sweep) === 'finished' && (await mine.sweep(sweep.id))!.opened === 2)
      assert.equal((await mine.sweepPoints(sweep.id))[2]!.attempt, 2)
    })
  })

  test('a paused job keeps it open until it is resumed and has ended', async () => {
    await crew(async (own, hire) => {
      const sweep = await submit(grid(0.5, 0.8), own)
      const [paused] = await pointsOf(sweep)
      await pauseJob({ catalog: mine, queue: own }, paused!.job)
      await hire('a', runner)
      await until(async () => (await mine.sweep(sweep.id))!.counts.succeeded === 1)
      assert.deepEqual(await closeEndedSweeps(work.catalog), [])
      assert.equal(await stateOf(sweep), 'running')
      await resumeJob({ catalog: mine, queue: own }, paused!.job)
      await until(async () => await stateOf(sweep) === 'finished')
    })
  })

  test('a worker that dies in the middle is replaced', async () => {
    await crew(async (own, hire) => {
      const busy = held()
      const first = await hire('dies', busy.by, 500)
      const sweep = await submit(grid(0.5, 0.8, 0.9), own)
      await busy.begun
      await first.leave(true)
      await hire('second', runner, 500)
      await until(async () => await stateOf(sweep) === 'finished', 20_000)
      assert.deepEqual((await mine.sweep(sweep.id))!.counts, { succeeded: 3 })
      busy.goOn() // nobody waits for it: what it brings is refused
    })
  })

  test('a queue that forgot everything is filled again, and the sweep closed', async () => {
    await crew(async (own, hire) => {
      const sweep = await submit(grid(0.5, 0.8), { ...own, addSweep: async () => {} })
      assert.equal((await reconcile({ catalog: work.catalog, queue: own, graceMs: 0 })).enqueued.length, 2)
      await hire('a', runner)
      await until(async () => await stateOf(sweep) === 'finished')
    })
  })
})
