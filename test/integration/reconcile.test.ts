/** Rows and queue brought together again, over real Postgres and Valkey: what happens to a job when something dies in between. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EspalierError } from '../../src/errors.ts'
import { createConsumer } from '../../src/infra/valkey/consumer.ts'
import { createQueue } from '../../src/infra/valkey/queue.ts'
import type { Blobs, Catalog, Queue, QueueConsumer } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { findArtifact } from '../../src/jobs/use-cases/find-artifact.ts'
import { resumeJob } from '../../src/jobs/use-cases/pause-job.ts'
import { reconcile } from '../../src/jobs/use-cases/reconcile.ts'
import { runAttempt } from '../../src/jobs/use-cases/run-attempt.ts'
import { submitJob } from '../../src/jobs/use-cases/submit-job.ts'
import { sweep } from '../../src/jobs/use-cases/sweep.ts'
import { until } from '../contract/queue.ts'
import { DATASET, RECIPE, sha256Of } from '../contract/samples.ts'
import { makeWorkplace, MODEL_BYTES, NO_SIGNAL, runner, type Workplace } from '../contract/workplace.ts'
import { freshPrefix } from '../support/queue.ts'

const AWAY = new EspalierError('unavailable', 'Valkey does not answer')

let work: Workplace
let catalog: Catalog
let queue: Queue
let fileBlobs: Blobs
let scratch: string
let storeModel: Workplace['storeModel']
let submit: Workplace['submit']
let attempt: Workplace['attempt']
let stateOf: Workplace['stateOf']

before(async () => {
  work = await makeWorkplace();
  ({ catalog, queue, fileBlobs, scratch, storeModel, submit, attempt, stateOf } = work)
})
after(async () => { await work.dispose() })
beforeEach(async () => { await work.settle() })

describe('submitting and reconciling', () => {
  test('a job is a row and an entry', async () => {
    const job = await submit()
    assert.equal(await queue.isLive({ jobId: job.id, attempt: 1 }), true)
  })

  test('missing files and bad recipes are told before anything is stored', async () => {
    const model = await storeModel()
    await assert.rejects(submitJob({ catalog: catalog.of(FIRST_TENANT), queue }, { model: 'mdl_none', recipe: RECIPE }), { code: 'not-found' })
    await assert.rejects(submitJob({ catalog: catalog.of(FIRST_TENANT), queue }, { model, dataset: 'dst_none', recipe: RECIPE }), { code: 'not-found', details: { field: 'dataset', id: 'dst_none' } })
    const recipe = (): never => { throw new EspalierError('invalid-recipe', 'no') }
    await assert.rejects(submitJob({ catalog: catalog.of(FIRST_TENANT), queue }, { model, recipe }), { code: 'invalid-recipe' })
    assert.deepEqual((await catalog.of(FIRST_TENANT).jobs({ limit: 10, model })).items, [])
  })

  test('the maker of the recipe knows the files', async () => {
    const model = await storeModel()
    const dataset = (await catalog.of(FIRST_TENANT).createDataset({ name: 'd', bytes: 1, sha256: sha256Of('d') }, DATASET)).id
    const job = await submitJob({ catalog: catalog.of(FIRST_TENANT), queue }, { model, dataset, recipe: (files) => ({ ...RECIPE, seed: files.dataset?.examples ?? 0 }) })
    assert.equal(job.recipe.seed, DATASET.examples)
    assert.equal(job.datasetId, dataset)
  })

  test('dying between the row and the entry: the job is taken, and reconciled into the queue', async () => {
    const job = await submit(fileBlobs, { ...queue, add: async () => { throw AWAY } })
    assert.equal(await stateOf(job), 'queued')
    assert.equal(await queue.isLive({ jobId: job.id, attempt: 1 }), false)
    assert.deepEqual(await reconcile({ catalog, queue, graceMs: 60_000 }), { enqueued: [], cancelled: [], paused: [] })
    assert.deepEqual(await reconcile({ catalog, queue, graceMs: 0 }), { enqueued: [job.id], cancelled: [], paused: [] })
    assert.equal(await queue.isLive({ jobId: job.id, attempt: 1 }), true)
    assert.deepEqual(await reconcile({ catalog, queue, graceMs: 0 }), { enqueued: [], cancelled: [], paused: [] })
  })

  test('the worker died before it could stop: the entry given again, or the reconciler, ends it', async () => {
    const [given, lost] = [await submit(), await submit()]
    for (const job of [given, lost]) {
      await catalog.begin(job.id, 1, 'dies')
      await catalog.of(FIRST_TENANT).requestCancel(job.id)
    }
    assert.equal(await attempt(given), 'cancelled')
    await queue.remove({ jobId: lost.id, attempt: 1 })
    assert.deepEqual(await reconcile({ catalog, queue, graceMs: 0 }), { enqueued: [], cancelled: [lost.id], paused: [] })
    assert.equal(await stateOf(lost), 'cancelled')
  })

  test('the worker died while it paused: the entry given again, or the reconciler, pauses the job, and it can be resumed', async () => {
    const [given, lost] = [await submit(), await submit()]
    for (const job of [given, lost]) {
      await catalog.begin(job.id, 1, 'dies')
      await catalog.of(FIRST_TENANT).requestPause(job.id)
    }
    assert.equal(await attempt(given), 'paused')
    await queue.remove({ jobId: lost.id, attempt: 1 })
    assert.deepEqual(await reconcile({ catalog, queue, graceMs: 0 }), { enqueued: [], cancelled: [], paused: [lost.id] })
    assert.equal(await stateOf(lost), 'paused')
    assert.deepEqual(await reconcile({ catalog, queue, graceMs: 0 }), { enqueued: [], cancelled: [], paused: [] })
    for (const job of [given, lost]) assert.equal(await attempt(await resumeJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)), 'succeeded')
  })
})

describe('worker and queue together', () => {
  // A queue of their own: the tests above leave entries behind.
  const own = freshPrefix()
  let queue: Queue
  before(() => { queue = createQueue(own.url, { prefix: own.prefix }) })
  after(async () => { await queue.close() })
  const consumer = (workerName: string, lockMs: number): QueueConsumer => createConsumer(own.url, { prefix: own.prefix, concurrency: 2, lockMs, workerName })

  test('a worker that is gone is replaced: the same attempt, begun twice, succeeds', async () => {
    const first = consumer('first', 500)
    const second = consumer('second', 500)
    const job = await submit(fileBlobs, queue)
    // As after kill -9: the entry is active, the row running, and nobody there.
    await first.start(async (entry) => { await catalog.begin(entry.jobId, entry.attempt, 'first'); await new Promise(() => {}) })
    await until(async () => await stateOf(job) === 'running')
    await first.close({ force: true })
    assert.deepEqual(await reconcile({ catalog, queue, graceMs: 0 }), { enqueued: [], cancelled: [], paused: [] })
    await second.start(async (entry) => { await runAttempt({ catalog, blobs: fileBlobs, runner, entry, worker: 'second', scratch, signal: NO_SIGNAL, pause: NO_SIGNAL }) })
    await until(async () => await stateOf(job) === 'succeeded')
    await second.close()
    assert.equal((await catalog.of(FIRST_TENANT).attempts(job.id))[0]?.starts, 2)
    assert.equal((await catalog.of(FIRST_TENANT).attempts(job.id))[0]?.worker, 'second')
  })

  test('a queue that forgot everything is filled again', async () => {
    const jobs = [await submit(fileBlobs, queue), await submit(fileBlobs, queue)]
    await catalog.begin(jobs[0]?.id ?? '', 1, 'dies')
    for (const job of jobs) await queue.remove({ jobId: job.id, attempt: 1 })
    const { enqueued } = await reconcile({ catalog, queue, graceMs: 0 })
    assert.deepEqual(enqueued.sort(), jobs.map((job) => job.id).sort())
    const worker = consumer('w', 5000)
    await worker.start(async (entry) => { await runAttempt({ catalog, blobs: fileBlobs, runner, entry, worker: 'w', scratch, signal: NO_SIGNAL, pause: NO_SIGNAL }) })
    for (const job of jobs) await until(async () => await stateOf(job) === 'succeeded')
    await worker.close()
  })
})

describe('sweeping', () => {
  test('removes what no row refers to, and keeps what one does', async () => {
    const job = await submit()
    assert.equal(await attempt(job), 'succeeded')
    const kept = (await findArtifact(catalog.of(FIRST_TENANT), job.id, 'model.keras')).sha256
    const { sha256 } = await fileBlobs.put((async function * () { yield Buffer.from('an orphan') })())
    await sleep(20)
    assert.equal((await sweep({ catalog, blobs: fileBlobs })).blobs, 0)
    assert.ok((await sweep({ catalog, blobs: fileBlobs, olderThanMs: 0 })).blobs >= 1)
    assert.deepEqual([await fileBlobs.has(sha256), await fileBlobs.has(kept), await fileBlobs.has(sha256Of(MODEL_BYTES))], [false, true, true])
  })
})
