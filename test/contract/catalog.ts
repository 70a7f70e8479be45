/** What every Catalog must do: files, jobs, pages, keys. How jobs move on is in catalog-moves.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Catalog, Page, PageRequest } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { artifact, DATASET, MODEL, newFile, newJob, RECEIPT, RECIPE, sha256Of } from './samples.ts'

async function allPages<T> (list: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await list({ limit, ...(cursor !== null && { cursor }) })
    assert.ok(page.items.length <= limit)
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== null)
  return items
}

/** `catalog()` is asked within each test, so that the suite may be made before the database is there. */
export function catalogContract (name: string, catalog: () => Catalog): void {
  describe(`catalog: ${name}`, () => {
    test('models and data sets come back as they were stored', async () => {
      const model = await catalog().of(FIRST_TENANT).createModel(newFile('m.keras'), MODEL)
      assert.match(model.id, /^mdl_[0-9a-z]{20}$/)
      assert.deepEqual(await catalog().of(FIRST_TENANT).model(model.id), model)
      const { id, createdAt, ...rest } = model
      assert.deepEqual(rest, { ...newFile('m.keras'), ...MODEL })
      assert.ok(Math.abs(Date.now() - Date.parse(createdAt)) < 60_000)
      const dataset = await catalog().of(FIRST_TENANT).createDataset(newFile('d.npz'), DATASET)
      assert.match(dataset.id, /^dst_/)
      assert.deepEqual(await catalog().of(FIRST_TENANT).dataset(dataset.id), dataset)
    })

    test('files larger than 2 GB and strings of any characters are safe', async () => {
      const name = 'a\u0000b \ud800 "quoted" \u2028 ü'
      const model = await catalog().of(FIRST_TENANT).createModel({ name, bytes: 5e12, sha256: sha256Of('x') }, { ...MODEL, problem: name })
      const read = await catalog().of(FIRST_TENANT).model(model.id)
      assert.equal(read?.bytes, 5e12)
      assert.equal(read?.problem, name)
      assert.ok(read?.name.startsWith('a\uFFFDb'))
    })

    test('what is not there is null, whatever the id', async () => {
      for (const id of ['mdl_none', '', 'a\u0000b', "'; DROP TABLE jobs; --"]) {
        assert.equal(await catalog().of(FIRST_TENANT).model(id), null)
        assert.equal(await catalog().of(FIRST_TENANT).dataset(id), null)
        assert.equal(await catalog().of(FIRST_TENANT).job(id), null)
        assert.deepEqual([await catalog().of(FIRST_TENANT).deleteModel(id), await catalog().of(FIRST_TENANT).deleteDataset(id), await catalog().of(FIRST_TENANT).deleteJob(id)], [false, false, false])
        assert.deepEqual([await catalog().of(FIRST_TENANT).requestCancel(id), await catalog().of(FIRST_TENANT).retry(id)], [null, null])
        assert.deepEqual([await catalog().of(FIRST_TENANT).attempts(id), await catalog().of(FIRST_TENANT).artifacts(id)], [[], []])
        assert.deepEqual(await catalog().begin(id, 1, 'w'), { begun: false, state: 'missing' })
      }
    })

    test('pages list everything once, newest first, also while more is added', async () => {
      const made: string[] = []
      for (let i = 0; i < 7; i++) made.push((await catalog().of(FIRST_TENANT).createDataset(newFile(`p${i}`), DATASET)).id)
      const first = await catalog().of(FIRST_TENANT).datasets({ limit: 3 })
      await catalog().of(FIRST_TENANT).createDataset(newFile('later'), DATASET)
      const second = await catalog().of(FIRST_TENANT).datasets({ limit: 4, cursor: first.next ?? '' })
      assert.deepEqual([...first.items, ...second.items].map((item) => item.id), made.reverse())
      const all = await allPages(async (page) => await catalog().of(FIRST_TENANT).datasets(page), 2)
      assert.equal(new Set(all.map((item) => item.id)).size, all.length)
      assert.deepEqual(all.map((item) => item.createdAt), all.map((item) => item.createdAt).sort().reverse())
      assert.equal((await catalog().of(FIRST_TENANT).datasets({ limit: 1000 })).next, null)
    })

    test('a cursor that is none of ours is refused', async () => {
      for (const cursor of ['', 'x', 'AAAA', Buffer.from('12,; DROP').toString('base64url'), Buffer.from('99999999999999999999,mdl_a').toString('base64url')]) {
        await assert.rejects(catalog().of(FIRST_TENANT).models({ limit: 2, cursor }), { code: 'invalid-request' }, cursor)
        await assert.rejects(catalog().of(FIRST_TENANT).jobs({ limit: 2, cursor }), { code: 'invalid-request' }, cursor)
      }
    })

    test('a job begins queued, with one attempt', async () => {
      const job = await newJob(catalog())
      assert.match(job.id, /^job_[0-9a-z]{20}$/)
      assert.equal(job.state, 'queued')
      assert.equal(job.attempt, 1)
      assert.deepEqual(job.recipe, RECIPE)
      assert.deepEqual(await catalog().of(FIRST_TENANT).job(job.id), job)
      assert.deepEqual(await catalog().of(FIRST_TENANT).attempts(job.id), [{ number: 1, state: 'queued', worker: null, starts: 0, startedAt: null, finishedAt: null, error: null, usedSeconds: 0, resumedFrom: null }])
    })

    test('a job needs its files', async () => {
      const model = await catalog().of(FIRST_TENANT).createModel(newFile('m'), MODEL)
      const job = { modelId: model.id, datasetId: null, evaluationDatasetId: null, recipe: RECIPE }
      await assert.rejects(catalog().of(FIRST_TENANT).createJob({ ...job, modelId: 'mdl_none' }), { code: 'not-found' })
      await assert.rejects(catalog().of(FIRST_TENANT).createJob({ ...job, datasetId: 'dst_none' }), { code: 'not-found' })
      await assert.rejects(catalog().of(FIRST_TENANT).createJob({ ...job, evaluationDatasetId: 'dst_none' }), { code: 'not-found' })
    })

    test('jobs are filtered by state and model', async () => {
      const [job, other] = [await newJob(catalog()), await newJob(catalog())]
      await catalog().begin(other.id, 1, 'w')
      assert.deepEqual((await catalog().of(FIRST_TENANT).jobs({ limit: 10, model: job.modelId })).items.map((item) => item.id), [job.id])
      assert.deepEqual((await catalog().of(FIRST_TENANT).jobs({ limit: 10, model: other.modelId, state: 'queued' })).items, [])
      assert.deepEqual((await catalog().of(FIRST_TENANT).jobs({ limit: 10, model: other.modelId, state: 'running' })).items.map((item) => item.id), [other.id])
    })

    test('a list has of receipts the figures alone, with channels where any were taken out', async () => {
      const mine = catalog().of(FIRST_TENANT)
      const channels = { before: 60, removable: 40, after: 35 }
      const [plain, smaller, queued] = [await newJob(catalog()), await newJob(catalog()), await newJob(catalog())]
      const reshaped: Receipt = { ...RECEIPT, structure: { channels, groups: [] } }
      for (const [{ id }, receipt] of [[plain, RECEIPT], [smaller, reshaped]] as const) {
        await catalog().begin(id, 1, 'w')
        assert.equal(await catalog().succeed(id, 1, receipt, [artifact('listed.keras')]), true)
      }
      const { before, after } = RECEIPT
      for (const [{ id, modelId }, figures] of [[plain, { before, after }], [smaller, { before, after, structure: { channels } }], [queued, null]] as const) {
        const [listed] = (await mine.jobs({ limit: 1, model: modelId })).items
        const { receipt: _receipt, artifacts: _artifacts, attempts: _attempts, ...rest } = (await mine.wholeJob(id))!
        assert.deepEqual(listed, { ...rest, figures })
      }
    })

    test('jobs are filtered by the data set that they train on or are evaluated with', async () => {
      const mine = catalog().of(FIRST_TENANT)
      const [model, one, other] = [await mine.createModel(newFile('m'), MODEL), await mine.createDataset(newFile('d'), DATASET), await mine.createDataset(newFile('d'), DATASET)]
      const common = { modelId: model.id, recipe: RECIPE }
      const trains = await mine.createJob({ ...common, datasetId: one.id, evaluationDatasetId: null })
      const both = await mine.createJob({ ...common, datasetId: other.id, evaluationDatasetId: one.id })
      assert.deepEqual((await mine.jobs({ limit: 10, dataset: one.id })).items.map(({ id }) => id), [both.id, trains.id])
      const first = await mine.jobs({ limit: 1, dataset: one.id })
      assert.deepEqual((await mine.jobs({ limit: 1, dataset: one.id, cursor: first.next! })).items.map(({ id }) => id), [trains.id])
      assert.deepEqual((await mine.jobs({ limit: 10, dataset: other.id })).items.map(({ id }) => id), [both.id])
    })

    test('a file in use is not deleted; afterwards it is, and the job keeps its id', async () => {
      const model = await catalog().of(FIRST_TENANT).createModel(newFile('m'), MODEL)
      const dataset = await catalog().of(FIRST_TENANT).createDataset(newFile('d'), DATASET)
      const job = await catalog().of(FIRST_TENANT).createJob({ modelId: model.id, datasetId: null, evaluationDatasetId: dataset.id, recipe: RECIPE })
      await assert.rejects(catalog().of(FIRST_TENANT).deleteModel(model.id), { code: 'conflict' })
      await assert.rejects(catalog().of(FIRST_TENANT).deleteDataset(dataset.id), { code: 'conflict' })
      await catalog().of(FIRST_TENANT).requestCancel(job.id)
      assert.deepEqual([await catalog().of(FIRST_TENANT).deleteModel(model.id), await catalog().of(FIRST_TENANT).deleteDataset(dataset.id)], [true, true])
      assert.equal((await catalog().of(FIRST_TENANT).job(job.id))?.modelId, model.id)
      await assert.rejects(catalog().of(FIRST_TENANT).retry(job.id), { code: 'conflict' })
    })

    test('deleting a model while jobs for it are created: never a job that has not ended without its model', async () => {
      for (let round = 0; round < 10; round++) {
        const model = await catalog().of(FIRST_TENANT).createModel(newFile('m'), MODEL)
        const [created, deleted] = await Promise.allSettled([
          catalog().of(FIRST_TENANT).createJob({ modelId: model.id, datasetId: null, evaluationDatasetId: null, recipe: RECIPE }), catalog().of(FIRST_TENANT).deleteModel(model.id)])
        assert.ok(created.status === 'rejected' || deleted.status === 'rejected')
      }
    })

    test('only an ended job is deleted, with all that belongs to it', async () => {
      const job = await newJob(catalog())
      await assert.rejects(catalog().of(FIRST_TENANT).deleteJob(job.id), { code: 'conflict' })
      await catalog().begin(job.id, 1, 'w')
      await assert.rejects(catalog().of(FIRST_TENANT).deleteJob(job.id), { code: 'conflict' })
      await catalog().succeed(job.id, 1, RECEIPT, [artifact('deleted.keras')])
      assert.equal(await catalog().of(FIRST_TENANT).deleteJob(job.id), true)
      assert.equal(await catalog().of(FIRST_TENANT).deleteJob(job.id), false)
      assert.deepEqual([await catalog().of(FIRST_TENANT).artifacts(job.id), await catalog().of(FIRST_TENANT).attempts(job.id)], [[], []])
      assert.equal((await catalog().referencedBlobs()).has(sha256Of('deleted.keras')), false)
    })

    test('the same content twice is two rows with one blob', async () => {
      const a = await catalog().of(FIRST_TENANT).createModel(newFile('first', 'same'), MODEL)
      const b = await catalog().of(FIRST_TENANT).createModel(newFile('second', 'same'), MODEL)
      assert.notEqual(a.id, b.id)
      await catalog().of(FIRST_TENANT).deleteModel(a.id)
      assert.ok((await catalog().referencedBlobs()).has(sha256Of('same')))
      await catalog().of(FIRST_TENANT).deleteModel(b.id)
      assert.ok(!(await catalog().referencedBlobs()).has(sha256Of('same')))
    })

    test('an idempotency key is reserved once, and answers once done', async () => {
      const answer = { status: 202, headers: { location: '/x' }, body: '{"a":"\u0000"}' }
      const reserve = async (fingerprint = 'f', scope = 's'): Promise<string> => (await catalog().reserveIdempotency(scope, 'key', fingerprint)).kind
      const kinds = await Promise.all(Array.from({ length: 5 }, async () => await reserve()))
      assert.deepEqual(kinds.sort(), ['fresh', 'running', 'running', 'running', 'running'])
      assert.equal(await reserve('other'), 'mismatch')
      assert.equal(await reserve('f', 'another scope'), 'fresh')
      await catalog().completeIdempotency('s', 'key', answer)
      assert.deepEqual(await catalog().reserveIdempotency('s', 'key', 'f'), { kind: 'done', answer })
      assert.equal(await reserve('other'), 'mismatch')
      await catalog().releaseIdempotency('s', 'key') // what is done stays
      assert.equal(await reserve(), 'done')
    })

    test('a released key is free; nothing young is swept', async () => {
      await catalog().reserveIdempotency('s', 'released', 'f')
      await catalog().releaseIdempotency('s', 'released')
      assert.deepEqual(await catalog().reserveIdempotency('s', 'released', 'g'), { kind: 'fresh' })
      assert.equal(await catalog().sweepIdempotency(), 0)
    })

    test('answers a ping', async () => { await catalog().ping() })
  })
}
