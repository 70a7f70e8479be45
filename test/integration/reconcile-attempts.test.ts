/** A worker's use case over real Postgres and Valkey: how attempts begin, end and are cancelled. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EspalierError } from '../../src/errors.ts'
import type { Blobs, Catalog, Queue, Runner } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { cancelJob } from '../../src/jobs/use-cases/cancel-job.ts'
import { findArtifact } from '../../src/jobs/use-cases/find-artifact.ts'
import { findJob } from '../../src/jobs/use-cases/job-view.ts'
import { pauseJob, resumeJob } from '../../src/jobs/use-cases/pause-job.ts'
import { retryJob } from '../../src/jobs/use-cases/retry-job.ts'
import { RECEIPT, sha256Of } from '../contract/samples.ts'
import { held, makeWorkplace, MODEL_BYTES, runner, type Workplace } from '../contract/workplace.ts'

const failing = (error: Error): Runner => ({ run: async () => { throw error } })

let work: Workplace
let catalog: Catalog
let queue: Queue
let fileBlobs: Blobs
let postgresBlobs: Blobs
let submit: Workplace['submit']
let attempt: Workplace['attempt']
let stateOf: Workplace['stateOf']

before(async () => {
  work = await makeWorkplace();
  ({ catalog, queue, fileBlobs, postgresBlobs, submit, attempt, stateOf } = work)
})
after(async () => { await work.dispose() })

describe('running an attempt', () => {
  for (const [name, blobs] of [['files', () => fileBlobs], ['Postgres', () => postgresBlobs]] as const) {
    test(`from the model to the artifact, blobs in ${name}`, async () => {
      const job = await submit(blobs())
      assert.equal(await attempt(job, { blobs: blobs() }), 'succeeded')
      const view = await findJob(catalog.of(FIRST_TENANT), job.id)
      assert.equal(view?.state, 'succeeded')
      assert.deepEqual(view?.receipt, RECEIPT)
      assert.equal(view?.artifacts[0]?.url, `/v1/jobs/${job.id}/artifacts/model.keras`)
      const { sha256 } = await findArtifact(catalog.of(FIRST_TENANT), job.id, 'model.keras')
      let text = ''
      for await (const chunk of blobs().stream(sha256)) text += Buffer.from(chunk).toString()
      assert.equal(text, `pruned ${MODEL_BYTES.toString()}`)
      await assert.rejects(findArtifact(catalog.of(FIRST_TENANT), job.id, 'other'), { code: 'not-found' })
    })
  }

  test('no artifact is seen before the success', async () => {
    const job = await submit()
    const { by, begun, goOn } = held()
    const running = attempt(job, { by })
    await begun
    assert.equal(await stateOf(job), 'running')
    assert.deepEqual((await findJob(catalog.of(FIRST_TENANT), job.id))?.artifacts, [])
    goOn()
    assert.equal(await running, 'succeeded')
    assert.equal((await findJob(catalog.of(FIRST_TENANT), job.id))?.artifacts.length, 1)
  })

  test('an error fails the job with its reason', async () => {
    const job = await submit()
    assert.equal(await attempt(job, { by: failing(new EspalierError('engine-crashed', 'ended by signal 11', { signal: 'SIGSEGV' })) }), 'failed')
    assert.deepEqual((await catalog.of(FIRST_TENANT).job(job.id))?.error, { code: 'engine-crashed', message: 'ended by signal 11', details: { signal: 'SIGSEGV' } })
    assert.equal(await attempt(job), 'skipped')
    const again = await retryJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)
    assert.equal(await queue.isLive({ jobId: job.id, attempt: 2 }), true)
    assert.equal(await attempt(again), 'succeeded')
  })

  test('an output that is not what it is said to be fails the job and publishes nothing', async () => {
    const job = await submit()
    const by: Runner = { run: async (...args) => { const result = await runner.run(...args); return { ...result, outputs: result.outputs.map((file) => ({ ...file, sha256: sha256Of('else') })) } } }
    assert.equal(await attempt(job, { by }), 'failed')
    assert.equal((await catalog.of(FIRST_TENANT).job(job.id))?.error?.code, 'verification-failed')
    assert.deepEqual(await catalog.of(FIRST_TENANT).artifacts(job.id), [])
  })

  test('an output outside of the folder is refused', async () => {
    const job = await submit()
    const by: Runner = { run: async ({ job: id }) => ({ job: id, receipt: RECEIPT, outputs: [{ name: '../../x', format: 'keras', bytes: 0, sha256: sha256Of('') }] }) }
    assert.equal(await attempt(job, { by }), 'failed')
    assert.match((await catalog.of(FIRST_TENANT).job(job.id))?.error?.message ?? '', /plain file name/)
  })

  test('two workers on one attempt: both run, one succeeds', async () => {
    const job = await submit()
    const [a, b] = [held(), held()]
    const runs = [attempt(job, { by: a.by, watchMs: 60_000, worker: 'a' }), attempt(job, { by: b.by, watchMs: 60_000, worker: 'b' })]
    await Promise.all([a.begun, b.begun])
    a.goOn()
    b.goOn()
    assert.deepEqual((await Promise.all(runs)).sort(), ['skipped', 'succeeded'])
    assert.equal((await catalog.of(FIRST_TENANT).artifacts(job.id)).length, 1)
  })

  test('a worker whose attempt another one ended stops by itself', async () => {
    const job = await submit()
    const slow = held()
    const running = attempt(job, { by: slow.by })
    await slow.begun
    assert.equal(await attempt(job, { worker: 'other' }), 'succeeded')
    assert.equal(await running, 'skipped')
  })

  test('a job that kills its workers ends', async () => {
    const job = await submit()
    for (let death = 0; death < 3; death++) await catalog.begin(job.id, 1, 'dies')
    let ran = false
    assert.equal(await attempt(job, { by: { run: async (...args) => { ran = true; return await runner.run(...args) } } }), 'failed')
    assert.equal(ran, false)
    assert.equal((await catalog.of(FIRST_TENANT).job(job.id))?.error?.code, 'attempts-exhausted')
  })

  test('when Postgres or the like is away the attempt is given again, not failed', async () => {
    const job = await submit()
    await assert.rejects(attempt(job, { by: failing(new EspalierError('unavailable', 'away')) }), { code: 'unavailable' })
    assert.equal(await stateOf(job), 'running')
    assert.equal(await attempt(job), 'succeeded')
  })

  test('a worker that shuts down gives its attempt up', async () => {
    const job = await submit()
    const { by, begun } = held()
    const stop = new AbortController()
    const running = attempt(job, { by, signal: stop.signal })
    await begun
    stop.abort(new Error('the worker shuts down'))
    await assert.rejects(running, { message: 'the worker shuts down' })
    assert.equal(await stateOf(job), 'running')
  })
})

describe('cancelling', () => {
  test('a waiting job: at once, and its entry goes', async () => {
    const job = await submit()
    assert.equal((await cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)).state, 'cancelled')
    assert.equal(await queue.isLive({ jobId: job.id, attempt: 1 }), false)
    assert.equal(await attempt(job), 'skipped')
    await assert.rejects(cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id), { code: 'conflict' })
    await assert.rejects(cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, 'job_none'), { code: 'not-found' })
  })

  test('a running job: its worker is told', async () => {
    const job = await submit()
    const { by, begun } = held()
    const told = new AbortController()
    const running = attempt(job, { by, signal: told.signal, watchMs: 60_000 })
    await begun
    assert.equal((await cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)).state, 'cancelling')
    told.abort(new EspalierError('job-cancelled', 'the job was cancelled'))
    assert.equal(await running, 'cancelled')
    assert.equal(await stateOf(job), 'cancelled')
  })

  test('a running job whose worker was not told finds out', async () => {
    const job = await submit()
    const { by, begun } = held()
    const running = attempt(job, { by })
    await begun
    assert.equal((await cancelJob({ catalog: catalog.of(FIRST_TENANT), queue: { ...queue, announce: async () => { throw new EspalierError('unavailable', 'Valkey does not answer') } } }, job.id)).state, 'cancelling')
    assert.equal(await running, 'cancelled')
  })

  test('a success that comes after the cancel is ignored', async () => {
    const job = await submit()
    const { by, begun, goOn } = held()
    const running = attempt(job, { by, watchMs: 60_000 })
    await begun
    await catalog.of(FIRST_TENANT).requestCancel(job.id)
    goOn()
    assert.equal(await running, 'cancelled')
    assert.deepEqual(await catalog.of(FIRST_TENANT).artifacts(job.id), [])
  })
})

describe('pausing', () => {
  const away = async (): Promise<never> => { throw new EspalierError('unavailable', 'Valkey does not answer') }

  test('a waiting job: at once, its entry goes, and a resumed one is a new entry', async () => {
    const job = await submit()
    assert.equal((await pauseJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)).state, 'paused')
    assert.equal(await queue.isLive({ jobId: job.id, attempt: 1 }), false)
    assert.equal(await attempt(job), 'skipped')
    const resumed = await resumeJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)
    assert.equal(await queue.isLive({ jobId: job.id, attempt: 2 }), true)
    assert.equal(await attempt(resumed), 'succeeded')
    await assert.rejects(pauseJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id), { code: 'conflict' })
    await assert.rejects(resumeJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id), { code: 'conflict' })
    await assert.rejects(pauseJob({ catalog: catalog.of(FIRST_TENANT), queue }, 'job_none'), { code: 'not-found' })
    await assert.rejects(resumeJob({ catalog: catalog.of(FIRST_TENANT), queue }, 'job_none'), { code: 'not-found' })
  })

  for (const [how, queueOf, watchMs] of [['told', () => queue, 60_000], ['not told', () => ({ ...queue, announce: away }), 20]] as const) {
    test(`a running job whose worker was ${how} stops, and runs to its end when it is resumed`, async () => {
      const job = await submit()
      const { by, begun } = held()
      const pause = new AbortController()
      const running = attempt(job, { by, pause: pause.signal, watchMs })
      await begun
      assert.equal((await pauseJob({ catalog: catalog.of(FIRST_TENANT), queue: queueOf() }, job.id)).state, 'pausing')
      if (how === 'told') pause.abort()
      assert.equal(await running, 'paused')
      assert.equal(await stateOf(job), 'paused')
      assert.equal(await attempt(await resumeJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)), 'succeeded')
    })
  }

  test('a job that comes to its end first has succeeded', async () => {
    const job = await submit()
    const { by, begun, goOn } = held()
    const running = attempt(job, { by, watchMs: 60_000 })
    await begun
    await pauseJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)
    goOn()
    assert.equal(await running, 'succeeded')
  })

  test('before its inputs are read it is not run at all', async () => {
    const job = await submit()
    const by: Runner = { run: async () => assert.fail('it ran') }
    const pause = new AbortController()
    const blobs: Blobs = { ...fileBlobs, async localPath (sha256) { await catalog.of(FIRST_TENANT).requestPause(job.id); pause.abort(); return await fileBlobs.localPath(sha256) } }
    assert.equal(await attempt(job, { by, blobs, pause: pause.signal }), 'paused')
  })

  test('a cancel while it pauses wins', async () => {
    const job = await submit()
    const { by, begun } = held()
    const pause = new AbortController()
    const running = attempt(job, { by, pause: pause.signal, watchMs: 60_000 })
    await begun
    await pauseJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)
    assert.equal((await cancelJob({ catalog: catalog.of(FIRST_TENANT), queue }, job.id)).state, 'cancelling')
    pause.abort()
    assert.equal(await running, 'cancelled')
  })
})
