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
import type { ModelSummary } from '../../src/jobs/resources.ts'
import { cancelJob } from '../../src/jobs/use-cases/cancel-job.ts'
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
    model = (await catalog.createModel({ name: 'm.keras', ...stored }, SUMMARY)).id
    worker = await startWorker(options())
  })

  after(async () => {
    await worker.close()
    await Promise.all([catalog.close(), queue.close(), blobs.close()])
    await drop()
    await rm(home, { recursive: true, force: true })
  })

  async function submit (behave: string, add = true): Promise<JobRow> {
    const job = await catalog.createJob({ modelId: model, datasetId: null, evaluationDatasetId: null, recipe: { behave } as never })
    if (add) await queue.add({ jobId: job.id, attempt: 1 })
    return job
  }

  async function until (id: string, reached: (job: JobRow) => boolean): Promise<JobRow> {
    for (let left = 300; left > 0; left--) {
      const job = await catalog.job(id)
      if (job !== null && reached(job)) return job
      await sleep(50)
    }
    return assert.fail(`job ${id} is ${(await catalog.job(id))?.state} after 15 s`)
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

  test('a cancel stops a job whose engine is blocked', async () => {
    const { id } = await submit('spin')
    await until(id, ({ progress }) => progress.stage === 'spin')
    await cancelJob({ catalog, queue }, id)
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
    assert.equal((await catalog.job(id))!.state, 'running')
    worker = await startWorker(options())
    await until(id, () => true)
    const starts = async (): Promise<number> => await catalog.starts(id, 1)
    for (let left = 200; left > 0 && await starts() < 2; left--) await sleep(50)
    assert.equal(await starts(), 2)
    await cancelJob({ catalog, queue }, id)
    assert.equal((await ended(id)).state, 'cancelled')
  })

  test('no files of ended jobs are left', async () => {
    const [own] = await readdir(path.join(home, 'scratch'))
    for (let left = 20; left > 0 && (await readdir(path.join(home, 'scratch', own!))).length > 0; left--) await sleep(50)
    assert.deepEqual(await readdir(path.join(home, 'scratch', own!)), [])
  })
})
