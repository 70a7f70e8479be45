/** How every Catalog must move jobs: each move conditional on state and attempt, each taking place once. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Catalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { artifact, newJob, RECEIPT, sha256Of } from './samples.ts'

const PROGRESS = { stage: 'evaluate', done: 3, total: 10, etaSeconds: 1.5 }
const CRASH = { code: 'engine-crashed', message: 'signal 9\u0000', details: { signal: 9 } } as const

export function catalogMovesContract (name: string, catalog: () => Catalog): void {
  const state = async (id: string): Promise<string | undefined> => (await catalog().of(FIRST_TENANT).job(id))?.state

  describe(`catalog moves: ${name}`, () => {
    test('begin, progress, succeed', async () => {
      const { id } = await newJob(catalog())
      const begin = await catalog().begin(id, 1, 'worker-a')
      assert.ok(begin.begun && begin.job.state === 'running' && begin.job.startedAt !== null)
      assert.equal(await catalog().progress(id, 1, PROGRESS), true)
      assert.deepEqual((await catalog().of(FIRST_TENANT).job(id))?.progress, PROGRESS)
      assert.deepEqual(await catalog().of(FIRST_TENANT).artifacts(id), [])
      assert.equal(await catalog().succeed(id, 1, RECEIPT, [artifact('b.keras'), artifact('a.json')]), true)
      const job = await catalog().of(FIRST_TENANT).job(id)
      assert.equal(job?.state, 'succeeded')
      assert.deepEqual(job?.receipt, RECEIPT)
      assert.ok(job?.finishedAt instanceof Date)
      assert.deepEqual(await catalog().of(FIRST_TENANT).artifacts(id), [artifact('b.keras'), artifact('a.json')])
      const [attempt] = await catalog().of(FIRST_TENANT).attempts(id)
      assert.equal(attempt?.state, 'succeeded')
      assert.equal(attempt?.worker, 'worker-a')
      assert.ok(attempt?.startedAt !== null && attempt?.finishedAt !== null)
    })

    test('the record of weights counts, is kept, and goes with its job', async () => {
      const { id } = await newJob(catalog())
      await catalog().begin(id, 1, 'w')
      const mine = catalog().of(FIRST_TENANT)
      const { used: { storedBytes } } = await mine.standing()
      const file = { sha256: sha256Of('record of weights'), bytes: 12_345 }
      assert.equal(await catalog().succeed(id, 1, RECEIPT, [], file), true)
      assert.deepEqual((await mine.job(id))?.weightsFile, file)
      assert.equal((await mine.standing()).used.storedBytes, storedBytes + file.bytes)
      assert.ok((await catalog().referencedBlobs()).has(file.sha256))
      await mine.deleteJob(id)
      assert.ok(!(await catalog().referencedBlobs()).has(file.sha256))
      assert.equal((await mine.standing()).used.storedBytes, storedBytes)
    })

    test('the key order of a receipt is kept', async () => {
      const { id } = await newJob(catalog())
      await catalog().begin(id, 1, 'w')
      await catalog().succeed(id, 1, { ...RECEIPT, timings: { write: 1, evaluate: 2, prune: 3 } }, [])
      assert.deepEqual(Object.keys((await catalog().of(FIRST_TENANT).job(id))?.receipt?.timings ?? {}), ['write', 'evaluate', 'prune'])
    })

    test('the first beginning tells how long the attempt waited and whose trace it belongs to', async () => {
      const { modelId, recipe } = await newJob(catalog())
      const { id } = await catalog().of(FIRST_TENANT).createJob({ modelId, datasetId: null, evaluationDatasetId: null, recipe, traceContext: 'of the request' })
      await new Promise((resolve) => setTimeout(resolve, 60))
      const first = await catalog().begin(id, 1, 'a')
      assert.ok(first.begun && first.waitMs !== null && first.waitMs >= 55 && first.waitMs < 60_000)
      assert.equal(first.traceContext, 'of the request')
      const second = await catalog().begin(id, 1, 'b')
      assert.ok(second.begun && second.waitMs === null && second.traceContext === 'of the request')
      await catalog().fail(id, 1, CRASH)
      await catalog().of(FIRST_TENANT).retry(id, 'of the retry')
      const retried = await catalog().begin(id, 2, 'a')
      assert.ok(retried.begun && retried.waitMs !== null && retried.waitMs < first.waitMs + 5000 && retried.traceContext === 'of the retry')
      await catalog().of(FIRST_TENANT).requestPause(id)
      await catalog().paused(id, 2)
      await catalog().of(FIRST_TENANT).resume(id)
      const resumed = await catalog().begin(id, 3, 'a')
      assert.ok(resumed.begun && resumed.traceContext === null)
    })

    test('a worker that died: the same attempt is begun again and counted', async () => {
      const { id } = await newJob(catalog())
      await catalog().begin(id, 1, 'a')
      const first = (await catalog().of(FIRST_TENANT).job(id))?.startedAt
      assert.equal((await catalog().begin(id, 1, 'b')).begun, true)
      assert.equal(await catalog().starts(id, 1), 2)
      assert.deepEqual((await catalog().of(FIRST_TENANT).job(id))?.startedAt, first)
      assert.equal((await catalog().of(FIRST_TENANT).attempts(id))[0]?.worker, 'b')
    })

    test('two workers end the same attempt: one success', async () => {
      const { id } = await newJob(catalog())
      await Promise.all([catalog().begin(id, 1, 'a'), catalog().begin(id, 1, 'b')])
      assert.equal(await catalog().starts(id, 1), 2)
      const ends = await Promise.all([1, 2, 3].map(async (i) => await catalog().succeed(id, 1, RECEIPT, [artifact(`${i}`)])))
      assert.equal(ends.filter(Boolean).length, 1)
      assert.equal((await catalog().of(FIRST_TENANT).artifacts(id)).length, 1)
    })

    test('nothing moves under another attempt, or from the wrong state', async () => {
      const { id } = await newJob(catalog())
      assert.equal(await catalog().succeed(id, 1, RECEIPT, [artifact('x')]), false)
      assert.equal(await catalog().progress(id, 1, PROGRESS), false)
      assert.equal(await catalog().cancelled(id, 1), false)
      assert.deepEqual(await catalog().begin(id, 2, 'w'), { begun: false, state: 'queued' })
      await catalog().begin(id, 1, 'w')
      assert.equal(await catalog().succeed(id, 2, RECEIPT, [artifact('x')]), false)
      assert.equal(await catalog().fail(id, 2, CRASH), false)
      assert.equal(await catalog().progress(id, 0, PROGRESS), false)
      assert.equal(await state(id), 'running')
      assert.deepEqual(await catalog().of(FIRST_TENANT).artifacts(id), [])
    })

    test('a checkpoint: kept over deaths, failures and retries, noted by the attempts that go on from it, gone with the success', async () => {
      const { id } = await newJob(catalog())
      const first = { sha256: 'a'.repeat(64), bytes: 5 * 2 ** 32 }
      assert.equal(await catalog().checkpoint(id, 1, first), false)
      await catalog().begin(id, 1, 'a')
      assert.equal((await catalog().of(FIRST_TENANT).attempts(id))[0]?.resumedFrom, null)
      assert.equal(await catalog().checkpoint(id, 2, first), false)
      assert.equal((await catalog().of(FIRST_TENANT).job(id))?.checkpoint, null)
      assert.equal(await catalog().checkpoint(id, 1, first), true)
      const { at, ...stored } = (await catalog().of(FIRST_TENANT).job(id))!.checkpoint!
      assert.deepEqual(stored, first)
      assert.ok(Math.abs(at.getTime() - Date.now()) < 3_600_000)
      assert.ok((await catalog().referencedBlobs()).has(first.sha256))
      await catalog().begin(id, 1, 'b')
      assert.equal((await catalog().of(FIRST_TENANT).attempts(id))[0]?.resumedFrom, at.toISOString())
      await catalog().fail(id, 1, CRASH)
      assert.equal(await catalog().checkpoint(id, 1, first), false)
      assert.equal((await catalog().of(FIRST_TENANT).retry(id))?.checkpoint?.sha256, first.sha256)
      assert.equal((await catalog().of(FIRST_TENANT).attempts(id))[1]?.resumedFrom, null)
      await catalog().begin(id, 2, 'c')
      assert.equal((await catalog().of(FIRST_TENANT).attempts(id))[1]?.resumedFrom, at.toISOString())
      assert.equal(await catalog().checkpoint(id, 2, null), true)
      assert.equal((await catalog().of(FIRST_TENANT).job(id))?.checkpoint, null)
      await catalog().checkpoint(id, 2, { sha256: 'b'.repeat(64), bytes: 1 })
      await catalog().succeed(id, 2, RECEIPT, [])
      assert.equal((await catalog().of(FIRST_TENANT).job(id))?.checkpoint, null)
      assert.ok(!(await catalog().referencedBlobs()).has('b'.repeat(64)))
    })

    test('an attempt that comes further each time is not counted as one that dies', async () => {
      const { id } = await newJob(catalog())
      for (let start = 0; start < 5; start++) {
        await catalog().begin(id, 1, 'w')
        await catalog().checkpoint(id, 1, { sha256: String(start).repeat(64), bytes: 1 })
      }
      assert.equal(await catalog().starts(id, 1), 1)
    })

    test('a failure says why, in the job and in its attempt; a retry is a new attempt', async () => {
      const { id } = await newJob(catalog())
      await assert.rejects(catalog().of(FIRST_TENANT).retry(id), { code: 'conflict' })
      await catalog().begin(id, 1, 'w')
      assert.equal(await catalog().fail(id, 1, CRASH), true)
      assert.deepEqual((await catalog().of(FIRST_TENANT).job(id))?.error, CRASH)
      assert.deepEqual((await catalog().of(FIRST_TENANT).attempts(id))[0]?.error, CRASH)
      assert.deepEqual(await catalog().begin(id, 1, 'w'), { begun: false, state: 'failed' })
      const again = await catalog().of(FIRST_TENANT).retry(id)
      assert.deepEqual([again?.state, again?.attempt, again?.error, again?.startedAt, again?.finishedAt], ['queued', 2, null, null, null])
      assert.deepEqual((await catalog().of(FIRST_TENANT).attempts(id)).map((attempt) => [attempt.number, attempt.state]), [[1, 'failed'], [2, 'queued']])
      // The old attempt's worker comes back late.
      assert.deepEqual([await catalog().succeed(id, 1, RECEIPT, []), await catalog().fail(id, 1, CRASH)], [false, false])
      await catalog().begin(id, 2, 'w')
      assert.equal(await catalog().succeed(id, 2, RECEIPT, []), true)
      await assert.rejects(catalog().of(FIRST_TENANT).retry(id), { code: 'conflict' })
    })

    test('several retries at once make one new attempt', async () => {
      const { id } = await newJob(catalog())
      await catalog().of(FIRST_TENANT).requestCancel(id)
      const retries = await Promise.allSettled([1, 2, 3].map(async () => await catalog().of(FIRST_TENANT).retry(id)))
      assert.equal(retries.filter((retry) => retry.status === 'fulfilled').length, 1)
      assert.equal((await catalog().of(FIRST_TENANT).job(id))?.attempt, 2)
    })

    test('cancelling a waiting job ends it', async () => {
      const { id } = await newJob(catalog())
      assert.equal(await catalog().of(FIRST_TENANT).requestCancel(id), 'cancelled')
      assert.ok((await catalog().of(FIRST_TENANT).job(id))?.finishedAt instanceof Date)
      assert.deepEqual((await catalog().of(FIRST_TENANT).attempts(id)).map((attempt) => attempt.state), ['cancelled'])
      await assert.rejects(catalog().of(FIRST_TENANT).requestCancel(id), { code: 'conflict' })
      assert.deepEqual(await catalog().begin(id, 1, 'w'), { begun: false, state: 'cancelled' })
    })

    test('cancelling a running job takes its worker; a success that comes late is ignored', async () => {
      const { id } = await newJob(catalog())
      await catalog().begin(id, 1, 'w')
      assert.equal(await catalog().of(FIRST_TENANT).requestCancel(id), 'cancelling')
      assert.equal(await catalog().of(FIRST_TENANT).requestCancel(id), 'cancelling')
      assert.equal((await catalog().of(FIRST_TENANT).job(id))?.finishedAt, null)
      assert.equal(await catalog().succeed(id, 1, RECEIPT, [artifact('late')]), false)
      assert.equal(await catalog().progress(id, 1, PROGRESS), false)
      assert.deepEqual(await catalog().of(FIRST_TENANT).artifacts(id), [])
      assert.equal(await catalog().cancelled(id, 1), true)
      assert.equal(await catalog().cancelled(id, 1), false)
      assert.equal(await state(id), 'cancelled')
    })

    test('cancel and success at once: one of them', async () => {
      for (let round = 0; round < 10; round++) {
        const { id } = await newJob(catalog())
        await catalog().begin(id, 1, 'w')
        const [cancel, success] = await Promise.allSettled([catalog().of(FIRST_TENANT).requestCancel(id), catalog().succeed(id, 1, RECEIPT, [artifact('x')])])
        const succeeded = success.status === 'fulfilled' && success.value
        assert.equal(succeeded, cancel.status === 'rejected')
        assert.equal(await state(id), succeeded ? 'succeeded' : 'cancelling')
        assert.equal((await catalog().of(FIRST_TENANT).artifacts(id)).length, succeeded ? 1 : 0)
      }
    })

    test('unfinished: jobs that want a queue entry and rest', async () => {
      const [queued, running, ended] = [await newJob(catalog()), await newJob(catalog()), await newJob(catalog())]
      await catalog().begin(running.id, 1, 'w')
      await catalog().of(FIRST_TENANT).requestCancel(ended.id)
      const ids = new Set((await catalog().unfinished(0)).map((job) => job.id))
      assert.deepEqual([ids.has(queued.id), ids.has(running.id), ids.has(ended.id)], [true, true, false])
      assert.deepEqual(await catalog().unfinished(60_000), [])
    })
  })
}
