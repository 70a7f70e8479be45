/** The worker on real Postgres and Valkey, with an engine process that misbehaves: every job ends as it should, and the worker goes on. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createFileBlobs } from '../../src/infra/blobs/files.ts'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import { createQueue } from '../../src/infra/valkey/queue.ts'
import type { Blobs, Catalog, JobRow, Queue } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import type { ModelSummary } from '../../src/jobs/resources.ts'
import { cancelJob } from '../../src/jobs/use-cases/cancel-job.ts'
import { pauseJob, resumeJob } from '../../src/jobs/use-cases/pause-job.ts'
import { retryJob } from '../../src/jobs/use-cases/retry-job.ts'
import { startWorker, type RunningWorker, type WorkerOptions } from '../../src/worker/worker.ts'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'

const CHILD = fileURLToPath(new URL('../support/misbehaving-child.ts', import.meta.url))
const SUMMARY: ModelSummary = { format: 'keras', weights: 1, nonzeros: 1, prunableWeights: 1, macs: null, inputs: [], outputs: [], runnable: false, producer: {}, layers: [] }

describe('a worker', () => {
  const { url: redisUrl, prefix } = freshPrefix()
  let home: string, catalog: Catalog, blobs: Blobs, queue: Queue, drop: () => Promise<void>, model: string
  let worker: RunningWorker

  const options = (changes: Partial<WorkerOptions> = {}): WorkerOptions => ({
    catalog, blobs, redisUrl, queuePrefix: prefix, home, concurrency: 1, lockMs: 2000, reconcileMs: 300, graceMs: 500, log: () => {},
    engine: { entry: CHILD, settings: {}, env: process.env, memoryLimitBytes: 400 << 20, timeoutMs: 0 },
    ...changes,
  })

  before(async () => {
    const database = await freshDatabase()
    drop = database.drop
    home = await mkdtemp(path.join(tmpdir(), 'espalier-worker-'))
    catalog = createCatalog(database.url)
    blobs = createFileBlobs(path.join(home, 'blobs'))
    queue = createQueue(redisUrl, { prefix })
    const stored = await blobs.put((async function * () { yield new TextEncoder().encode('model') })())
    model = (await catalog.of(FIRST_TENANT).createModel({ name: 'm.keras', ...stored }, SUMMARY)).id
    worker = await startWorker(options())
  })

  after(async () => {
    await worker.close()
    await Promise.all([catalog.close(), queue.close(), blobs.close()])
    await drop()
    await rm(home, { recursive: true, force: true })
  })

  async function submit (behave: string, add = true): Promise<JobRow> {
    const job = await catalog.of(FIRST_TENANT).createJob({ modelId: model, datasetId: null, evaluationDatasetId: null, recipe: { behave } as never })
    if (add) await queue.add({ jobId: job.id, attempt: 1 })
    return job
  }

  async function until (id: string, reached: (job: JobRow) => boolean): Promise<JobRow> {
    for (let left = 300; left > 0; left--) {
      const job = await catalog.of(FIRST_TENANT).job(id)
      if (job !== null && reached(job)) return job
      await sleep(50)
    }
    return assert.fail(`job ${id} is ${(await catalog.of(FIRST_TENANT).job(id))?.state} after 15 s`)
  }
  const ended = async (id: string): Promise<JobRow> => await until(id, ({ state }) => ['succeeded', 'failed', 'cancelled'].includes(state))

  test('runs a job and goes on after crashes', async () => {
    assert.equal((await ended((await submit('done')).id)).state, 'succeeded')
    for (const [behave, message] of [['abort', /SIGABRT/], ['exit', /exit code 7/], ['grow', /400 MB are allowed/], ['fail', /nothing to prune/]] as const) {
      const job = await ended((await submit(behave)).id)
      assert.equal(job.state, 'failed')
      assert.match(job.error!.message, message)
    }
    assert.equal((await ended((await submit('done')).id)).state, 'succeeded')
  })

  test('a job whose engine dies after a checkpoint goes on from it when it is retried, and leaves no checkpoint behind', async () => {
    const { id } = await submit('checkpoint')
    const failed = await ended(id)
    assert.deepEqual([failed.state, failed.error!.code], ['failed', 'engine-crashed'])
    assert.equal(failed.checkpoint!.bytes, 16)
    assert.equal(await blobs.has(failed.checkpoint!.sha256), true)
    await retryJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)
    const done = await until(id, ({ state, attempt }) => attempt === 2 && state !== 'queued' && state !== 'running')
    assert.equal(done.state, 'succeeded', JSON.stringify(done.error))
    assert.equal(done.checkpoint, null)
    assert.equal((await catalog.of(FIRST_TENANT).attempts(id))[1]!.resumedFrom, failed.checkpoint!.at.toISOString())
    for (let left = 40; left > 0 && await blobs.has(failed.checkpoint!.sha256); left--) await sleep(50)
    assert.equal(await blobs.has(failed.checkpoint!.sha256), false)
  })

  test('figures: those up to a checkpoint are kept when it is, those of the lost steps behind it go when the run goes on', async () => {
    const { id } = await submit('figures')
    const steps = async (): Promise<number[]> => [...(await catalog.of(FIRST_TENANT).metricPoints(id, { series: ['loss'], after: -1, limit: 100 })).series[0]?.steps ?? []]
    assert.equal((await ended(id)).state, 'failed')
    assert.deepEqual(await steps(), [1, 2, 3, 4, 5])
    await retryJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)
    await until(id, ({ state, attempt }) => attempt === 2 && state === 'succeeded')
    assert.deepEqual(await steps(), [1, 2, 3, 6])
  })

  test('a checkpoint that cannot be gone on from, or is lost, is no end: the run begins at its beginning', async () => {
    for (const kept of [true, false]) {
      const { id } = await submit('refuse', false)
      await catalog.begin(id, 1, 'dies')
      const stored = await blobs.put((async function * () { yield new TextEncoder().encode(`damaged ${id}`) })())
      await catalog.checkpoint(id, 1, stored)
      if (!kept) await blobs.delete(stored.sha256)
      await queue.add({ jobId: id, attempt: 1 })
      const done = await ended(id)
      assert.equal(done.state, 'succeeded', JSON.stringify(done.error))
      assert.equal(done.checkpoint, null)
    }
  })

  test('a cancel stops a job whose engine is blocked', async () => {
    const { id } = await submit('spin')
    await until(id, ({ progress }) => progress.stage === 'spin')
    await cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)
    assert.equal((await ended(id)).state, 'cancelled')
  })

  test('a job whose queue entry never came to be is found', async () => {
    const { id } = await submit('done', false)
    assert.equal((await ended(id)).state, 'succeeded')
  })

  test('closing gives a running job back, and the next worker runs it', async () => {
    const { id } = await submit('spin')
    await until(id, ({ progress }) => progress.stage === 'spin')
    await worker.close()
    const given = (await catalog.of(FIRST_TENANT).job(id))!
    assert.deepEqual([given.state, given.attempt, given.progress.stage], ['queued', 1, 'queued'])
    const [attempt] = await catalog.of(FIRST_TENANT).attempts(id)
    assert.deepEqual([attempt!.state, attempt!.worker, attempt!.starts], ['queued', null, 0])
    assert.ok(attempt!.usedSeconds > 0.4, `${attempt!.usedSeconds} s are counted`)
    const start = performance.now()
    worker = await startWorker(options())
    await until(id, ({ progress }) => progress.stage === 'spin')
    assert.ok(performance.now() - start < 8000, 'the entry waited')
    assert.equal((await catalog.of(FIRST_TENANT).attempts(id))[0]?.starts, 1)
    await cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)
    assert.equal((await ended(id)).state, 'cancelled')
  })

  test('a pause stops a job, and the same engine process goes on with it', async () => {
    const { id } = await submit('pausable')
    await until(id, ({ progress }) => progress.stage === 'pausable')
    assert.equal((await pauseJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)).state, 'pausing')
    await until(id, ({ state }) => state === 'paused')
    await resumeJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)
    await until(id, ({ attempt, progress }) => attempt === 2 && progress.stage === 'pausable')
    await cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)
    assert.equal((await ended(id)).state, 'cancelled')
  })

  test('a worker that goes while a job pauses pauses it, and it is run when it is resumed', async () => {
    const { id } = await submit('spin')
    await until(id, ({ progress }) => progress.stage === 'spin')
    assert.equal((await pauseJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)).state, 'pausing')
    await worker.close()
    assert.equal((await catalog.of(FIRST_TENANT).job(id))!.state, 'paused')
    worker = await startWorker(options())
    assert.equal((await catalog.of(FIRST_TENANT).attempts(id))[0]!.state, 'paused')
    await resumeJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)
    await until(id, ({ state, attempt }) => state === 'running' && attempt === 2)
    await cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, id)
    assert.equal((await ended(id)).state, 'cancelled')
  })

  test('no files of ended jobs are left', async () => {
    const [own] = await readdir(path.join(home, 'scratch'))
    for (let left = 20; left > 0 && (await readdir(path.join(home, 'scratch', own!))).length > 0; left--) await sleep(50)
    assert.deepEqual(await readdir(path.join(home, 'scratch', own!)), [])
  })
})
