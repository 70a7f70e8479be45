/** Workers that tell of themselves, jobs that find the worker they need, cancels that free it, on real Postgres and Valkey. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, afterEach, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { EspalierError } from '../../src/errors.ts'
import { createFileBlobs } from '../../src/infra/blobs/files.ts'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import { createQueue } from '../../src/infra/valkey/queue.ts'
import type { Worker } from '../../src/jobs/fleet.ts'
import { isEnded } from '../../src/jobs/states.ts'
import type { Blobs, Catalog, JobRow, Queue, TenantCatalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { cancelJob } from '../../src/jobs/use-cases/cancel-job.ts'
import { findJob } from '../../src/jobs/use-cases/job-view.ts'
import { retryJob } from '../../src/jobs/use-cases/retry-job.ts'
import { submitJob, type Submission } from '../../src/jobs/use-cases/submit-job.ts'
import { startWorker, type RunningWorker, type WorkerOptions } from '../../src/worker/worker.ts'
import { MODEL, RECIPE } from '../contract/samples.ts'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'

const CHILD = fileURLToPath(new URL('../support/misbehaving-child.ts', import.meta.url))
const MAXIMA = { timeSeconds: 3600, memoryMb: 4096, largeMb: 300 }

describe('a fleet of workers', () => {
  const { url: redisUrl, prefix } = freshPrefix()
  let home: string, catalog: Catalog, mine: TenantCatalog, blobs: Blobs, queue: Queue, client: pg.Client, drop: () => Promise<void>, model: string
  const running: RunningWorker[] = []
  /** Workers of one process have a folder each. */
  let started = 0

  before(async () => {
    const database = await freshDatabase()
    drop = database.drop
    home = await mkdtemp(path.join(tmpdir(), 'espalier-fleet-'))
    catalog = createCatalog(database.url)
    mine = catalog.of(FIRST_TENANT)
    blobs = createFileBlobs(path.join(home, 'blobs'))
    queue = createQueue(redisUrl, { prefix })
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const stored = await blobs.put((async function * () { yield new TextEncoder().encode('model') })())
    model = (await mine.createModel({ name: 'm.keras', ...stored }, MODEL)).id
  })
  afterEach(async () => { for (const worker of running.splice(0)) await worker.close() })
  after(async () => {
    await client.end()
    await Promise.all([catalog.close(), queue.close(), blobs.close()])
    await drop()
    await rm(home, { recursive: true, force: true })
  })

  async function start (changes: Partial<WorkerOptions> = {}): Promise<RunningWorker> {
    const worker = await startWorker({
      catalog, blobs, redisUrl, queuePrefix: prefix, home: path.join(home, String(++started)), concurrency: 1, lockMs: 2000, reconcileMs: 60_000, graceMs: 300, largeMb: 300, log: () => {},
      engine: { entry: CHILD, settings: {}, env: process.env, memoryLimitBytes: 256 << 20, timeoutMs: 0 },
      ...changes,
    })
    running.push(worker)
    return worker
  }

  async function submit (behave: string, asked: Partial<Submission> = {}): Promise<JobRow> {
    return await submitJob({ catalog: mine, queue, maxima: MAXIMA }, { model, recipe: { ...RECIPE, evaluation: false, behave } as never, ...asked })
  }

  async function until (id: string, reached: (job: JobRow) => boolean, limitMs = 15_000): Promise<JobRow> {
    const end = performance.now() + limitMs
    for (let job = await mine.job(id); ; job = await mine.job(id)) {
      if (job !== null && reached(job)) return job
      assert.ok(performance.now() < end, `job ${id} is ${job?.state} after ${limitMs} ms: ${JSON.stringify(job?.error)}`)
      await sleep(10)
    }
  }
  const ended = ({ state }: JobRow): boolean => isEnded(state)

  async function untilWorker (reached: (workers: Worker[]) => boolean): Promise<Worker[]> {
    for (let left = 200; left > 0; left--) {
      const workers = await mine.workers()
      if (reached(workers)) return workers
      await sleep(25)
    }
    return assert.fail(`the workers are ${JSON.stringify(await mine.workers())}`)
  }

  test('a worker tells what it is and what it works on, and is off the list when it has ended', async () => {
    const worker = await start({ concurrency: 3 })
    const { id } = await submit('spin')
    await until(id, ({ state }) => state === 'running')
    const [told] = await untilWorker(([one]) => one?.state === 'ready' && one.running === 1)
    assert.deepEqual([told!.pid, told!.concurrency, told!.memoryBytes, told!.queues, told!.device?.kind, told!.jobs], [process.pid, 3, 256 << 20, ['default'], 'cpu', [id]])
    assert.notEqual(told!.device!.name, '')
    const closing = worker.close()
    await untilWorker(([one]) => one === undefined || one.state === 'draining')
    await closing
    assert.deepEqual(await mine.workers(), [])
    assert.equal((await mine.job(id))!.state, 'queued')
    await cancelJob({ catalog: mine, queue }, id)
  })

  test('one that is not heard of is gone by the database\'s clock, and dropped after a day', async () => {
    const facts = { name: 'w', host: 'h', pid: 7, version: '0', state: 'ready', device: null, memoryBytes: 1, cpus: 1, concurrency: 1, queues: ['gpu'], jobs: [] } as const
    await catalog.beat({ ...facts, id: 'wrk_lost', queues: ['gpu'], jobs: [] })
    const state = async (): Promise<string | undefined> => (await mine.workers()).find(({ id }) => id === 'wrk_lost')?.state
    assert.equal(await state(), 'ready')
    await client.query("UPDATE workers SET seen_at = now() - interval '31 seconds' WHERE id = 'wrk_lost'")
    assert.equal(await state(), 'gone')
    assert.equal(await catalog.sweepWorkers(), 0)
    await client.query("UPDATE workers SET seen_at = now() - interval '25 hours' WHERE id = 'wrk_lost'")
    assert.equal(await catalog.sweepWorkers(), 1)
    assert.equal(await state(), undefined)
  })

  test('a job waits for the worker that it needs, says so, and is run by it, whoever is idle before', async () => {
    await start()
    const asked: Array<[Partial<Submission>, string, RegExp]> = [
      [{ needs: { device: 'gpu' } }, 'gpu', /^no worker of the queue gpu is running$/],
      [{ needs: { memoryMb: 301 } }, 'large', /^no worker of the queue large is running$/],
      [{ needs: { memoryMb: 299 } }, 'default', /^no running worker of the queue default gives a job 299 MB of memory; the most is 256 MB$/],
    ]
    await untilWorker(([one]) => one?.state === 'ready')
    const jobs = await Promise.all(asked.map(async ([changes, name, reason]) => {
      const job = await submit('done', changes)
      assert.equal(job.queue, name)
      assert.match((await findJob(mine, job.id))!.waitingFor ?? '', reason)
      return job
    }))
    const plain = await submit('done')
    assert.equal((await until(plain.id, ended)).state, 'succeeded')
    const waits = await catalog.oldestWaits()
    assert.ok(waits.get('gpu')! > 0 && waits.get('large')! > 0)
    for (const { id } of jobs) assert.equal((await mine.job(id))!.state, 'queued')
    // One with more memory, and one that is said to have a GPU.
    await start({ engine: { entry: CHILD, settings: {}, env: process.env, memoryLimitBytes: 512 << 20, timeoutMs: 0 } })
    await start({ queues: ['gpu'] })
    await untilWorker((workers) => workers.length === 3)
    for (const { id } of jobs) assert.equal((await until(id, ended, 60_000)).state, 'succeeded')
    assert.equal((await findJob(mine, jobs[0]!.id))!.waitingFor, undefined)
  })

  test('priorities hold, also for a job that is run again', async () => {
    const jobs = [await submit('done'), await submit('done', { priority: 9 }), await submit('fail', { priority: 5 })]
    await start()
    const done = await Promise.all(jobs.map(async ({ id }) => await until(id, ended)))
    const order = done.toSorted((a, b) => a.startedAt!.getTime() - b.startedAt!.getTime()).map(({ priority }) => priority)
    assert.deepEqual(order, [9, 5, 0])
    const again = await retryJob({ catalog: mine, queue }, jobs[2]!.id)
    assert.deepEqual([again.priority, again.attempt], [5, 2])
    await until(again.id, (job) => job.attempt === 2 && ended(job))
    assert.deepEqual((await mine.attempts(again.id)).map(({ number, state, error }) => [number, state, error?.code]), [[1, 'failed', 'nothing-pruned'], [2, 'failed', 'nothing-pruned']])
  })

  test('limits are the job\'s own, and time that an attempt used stays used', async () => {
    await start()
    const { id } = await submit('spin', { limits: { timeSeconds: 1 } })
    const late = await until(id, ended)
    assert.deepEqual([late.state, late.error?.code, late.error?.details], ['failed', 'limit-exceeded', { limit: 'timeSeconds', of: 'job', timeSeconds: 1 }])
    assert.deepEqual(late.limits, { timeSeconds: 1 })
    const [attempt] = await mine.attempts(id)
    assert.ok(attempt!.usedSeconds >= 0.9 && attempt!.usedSeconds < 3, `${attempt!.usedSeconds} s`)
    // As after a crash that came late: nothing is left of its hour.
    const { id: second } = await mine.createJob({ modelId: model, datasetId: null, evaluationDatasetId: null, recipe: { behave: 'spin' } as never, limits: { timeSeconds: 3600 } })
    await catalog.begin(second, 1, 'dies')
    await catalog.spent(second, 1, 3_599_500)
    await queue.add({ jobId: second, attempt: 1 })
    assert.equal((await until(second, ended, 8000)).error?.code, 'limit-exceeded')
    await assert.rejects(submit('done', { limits: { timeSeconds: 3601 } }), { code: 'invalid-request' })
  })

  for (const [how, cancelled, limitMs] of [
    ['told by Valkey', (): Queue => queue, 2000],
    ['seen in the row, when nothing is told', (): Queue => ({ ...queue, announce: async () => { throw new EspalierError('unavailable', 'Valkey does not answer') } }), 2500],
  ] as const) {
    test(`a cancel of a static job whose engine is blocked, ${how}, is done within ${limitMs} ms with the memory free`, async () => {
      const pids: number[] = []
      const { spawnEngine } = await import('../../src/worker/engine-child.ts')
      await start({ engine: { entry: CHILD, settings: {}, env: process.env, memoryLimitBytes: 256 << 20, timeoutMs: 0, spawn: (options) => { const child = spawnEngine(options); pids.push(child.pid); return child } } })
      const { id } = await submit('spin')
      await until(id, ({ progress }) => progress.stage === 'spin')
      const start0 = performance.now()
      await cancelJob({ catalog: mine, queue: cancelled() }, id)
      await until(id, ended)
      const took = performance.now() - start0
      assert.ok(took < limitMs, `it took ${Math.round(took)} ms`)
      assert.throws(() => { process.kill(pids[0]!, 0) }, { code: 'ESRCH' })
    })
  }
})
