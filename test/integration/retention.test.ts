/** What a tenant has goes when it is due, and not before: settings, the sweep, what is shown, and the record of it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import type { Catalog, JobRow, TenantCatalog } from '../../src/jobs/ports.ts'
import { FOR_EVER, type OwnRetention } from '../../src/jobs/retention.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { sweep } from '../../src/jobs/use-cases/sweep.ts'
import { artifact, DATASET, MODEL, newFile, newSweep, RECEIPT, RECIPE } from '../contract/samples.ts'
import { openHarness, type Harness } from './http-harness.ts'

const DAY = 86_400_000

describe('retention', () => {
  let harness: Harness
  let catalog: Catalog
  let admin: pg.Client
  before(async () => {
    harness = await openHarness({ apiKey: 'key-of-the-operator' })
    catalog = harness.catalog
    admin = new pg.Client({ connectionString: harness.databaseUrl })
    await admin.connect()
  })
  after(async () => {
    await admin.end()
    await harness.close()
  })

  let count = 0
  const tenantWith = async (retention: OwnRetention): Promise<TenantCatalog> => catalog.of((await catalog.createTenant(`tenant ${++count}`, {}, retention)).tenant.id)
  const age = async (table: 'models' | 'datasets' | 'jobs' | 'sweeps', id: string, days: number): Promise<void> => {
    const column = table === 'models' || table === 'datasets' ? 'created_at' : 'finished_at'
    await admin.query(`UPDATE ${table} SET ${column} = now() - $2::float8 * interval '1 day' WHERE id = $1`, [id, days])
  }
  const model = async (mine: TenantCatalog, days: number): Promise<string> => {
    const { id } = await mine.createModel(newFile(`model ${++count}`), MODEL)
    await age('models', id, days)
    return id
  }
  const jobOf = async (mine: TenantCatalog, modelId: string, datasetId: string | null = null): Promise<JobRow> => await mine.createJob({ modelId, datasetId, evaluationDatasetId: null, recipe: RECIPE })
  /** A job that ended so many days ago, with an artifact, or failed with a checkpoint. */
  const ended = async (mine: TenantCatalog, modelId: string, days: number, how: 'succeeded' | 'failed' = 'succeeded', datasetId: string | null = null): Promise<string> => {
    const { id } = await jobOf(mine, modelId, datasetId)
    await catalog.begin(id, 1, 'w')
    await catalog.metrics(id, 1, { points: [{ step: 1, epoch: 1, values: { loss: 1 } }] })
    await catalog.checkpoint(id, 1, { sha256: newFile(`checkpoint of ${id}`).sha256, bytes: 1 })
    if (how === 'succeeded') await catalog.succeed(id, 1, RECEIPT, [{ ...artifact('m.keras'), sha256: newFile(`artifact of ${id}`).sha256 }])
    else await catalog.fail(id, 1, { code: 'internal', message: 'broke' })
    await age('jobs', id, days)
    return id
  }
  const lines = async (mine: TenantCatalog): Promise<string[]> => (await mine.audit({ limit: 100, actor: 'retention' })).items.map(({ action, target }) => `${action} ${target}`).sort()

  test('without settings everything is kept for ever', async () => {
    const mine = catalog.of(FIRST_TENANT)
    assert.deepEqual(await mine.retention(), FOR_EVER)
    const id = await model(mine, 4000)
    const job = await ended(mine, id, 4000)
    await catalog.sweepKept()
    assert.ok(await mine.model(id) !== null && (await mine.artifacts(job)).length === 1)
  })

  test('artifacts and checkpoints go, the job with its receipt stays; what is younger stays', async () => {
    const mine = await tenantWith({ artifacts: 30, checkpoints: 7 })
    const used = await model(mine, 0)
    const [old, young, failed, lately] = [await ended(mine, used, 31), await ended(mine, used, 29), await ended(mine, used, 8, 'failed'), await ended(mine, used, 6, 'failed')]
    assert.equal(await catalog.sweepKept(), 2)
    assert.deepEqual([(await mine.artifacts(old)).length, (await mine.artifacts(young)).length], [0, 1])
    assert.ok((await mine.job(old))?.receipt !== null)
    assert.deepEqual([(await mine.job(failed))?.checkpoint, (await mine.job(lately))?.checkpoint?.bytes], [null, 1])
    assert.deepEqual(await lines(mine), [`expireArtifacts ${old}`, `expireCheckpoint ${failed}`])
    const freed = await catalog.freedBlobs()
    for (const gone of [`artifact of ${old}`, `checkpoint of ${failed}`]) assert.ok(freed.includes(newFile(gone).sha256), gone)
    assert.equal(await catalog.sweepKept(), 0)
  })

  test('jobs go with their series; those that have not ended stay, however old', async () => {
    const mine = await tenantWith({ jobs: 10 })
    const used = await model(mine, 100)
    const [old, young] = [await ended(mine, used, 11), await ended(mine, used, 9)]
    const [queued, running] = [await jobOf(mine, used), await jobOf(mine, used)]
    await catalog.begin(running.id, 1, 'w')
    await admin.query("UPDATE jobs SET created_at = now() - interval '100 days', updated_at = created_at WHERE id = ANY($1)", [[queued.id, running.id]])
    assert.equal(await catalog.sweepKept(), 1)
    assert.deepEqual([await mine.job(old), await mine.metricSeries(old)], [null, []])
    for (const kept of [young, queued.id, running.id]) assert.ok(await mine.job(kept) !== null)
    assert.deepEqual(await lines(mine), [`expireJob ${old}`])
  })

  test('models and data sets go unless a job that is kept, queued or running uses them', async () => {
    const mine = await tenantWith({ models: 5, datasets: 5, jobs: 20 })
    const dataset = async (days: number): Promise<string> => {
      const { id } = await mine.createDataset(newFile(`data ${++count}`), DATASET)
      await age('datasets', id, days)
      return id
    }
    const [unused, young, ofQueued, ofKept, ofGone] = [await model(mine, 6), await model(mine, 4), await model(mine, 6), await model(mine, 6), await model(mine, 30)]
    const [dataUnused, dataUsed] = [await dataset(6), await dataset(6)]
    const queued = await jobOf(mine, ofQueued, dataUsed)
    await ended(mine, ofKept, 19)
    const gone = await ended(mine, ofGone, 21)
    assert.equal(await catalog.sweepKept(), 4)
    for (const id of [young, ofQueued, ofKept]) assert.ok(await mine.model(id) !== null)
    for (const id of [unused, ofGone]) assert.equal(await mine.model(id), null)
    assert.deepEqual([await mine.dataset(dataUnused), (await mine.dataset(dataUsed))?.id], [null, dataUsed])
    assert.deepEqual(await lines(mine), [`expireDataset ${dataUnused}`, `expireJob ${gone}`, `expireModel ${ofGone}`, `expireModel ${unused}`].sort())
    assert.ok(await mine.job(queued.id) !== null)
  })

  test('a sweep goes with its jobs, which do not go alone', async () => {
    const mine = await tenantWith({ jobs: 10 })
    const make = async (days: number): Promise<{ id: string, jobs: string[] }> => {
      const { sweep, jobs } = await mine.createSweep(newSweep(await model(mine, 0), 2))
      for (const { id } of jobs) await mine.requestCancel(id)
      await catalog.closeSweep(sweep.id, 1, { points: [], pareto: {}, picked: null } as never)
      for (const { id } of jobs) await age('jobs', id, 100)
      await age('sweeps', sweep.id, days)
      return { id: sweep.id, jobs: jobs.map(({ id }) => id) }
    }
    const [old, young] = [await make(11), await make(9)]
    assert.equal(await catalog.sweepKept(), 1)
    assert.deepEqual([await mine.sweep(old.id), await mine.job(old.jobs[0]!)], [null, null])
    assert.ok(await mine.job(young.jobs[1]!) !== null)
  })

  test('more than one transaction removes, and a job that is submitted meanwhile keeps its model', async () => {
    const mine = await tenantWith({ models: 1 })
    const ids: string[] = []
    for (let i = 0; i < 130; i++) ids.push(await model(mine, 2))
    const [, ...submitted] = await Promise.all([catalog.sweepKept(), ...ids.slice(-20).map(async (id) => await jobOf(mine, id).catch(() => null))])
    for (const job of submitted) if (job !== null) assert.ok(await mine.model(job.modelId) !== null, 'a job has its model')
    await catalog.sweepKept()
    assert.equal((await mine.models({ limit: 100 })).items.length, submitted.filter((job) => job !== null).length)
  })

  test('the service has a default, and a tenant its own', async () => {
    const service = createCatalog(harness.databaseUrl, { retention: { ...FOR_EVER, jobs: 3, models: 90 } })
    try {
      const { tenant: { id } } = await service.createTenant('of defaults', {}, { models: null, artifacts: 2 })
      assert.deepEqual(await service.of(id).retention(), { ...FOR_EVER, jobs: 3, artifacts: 2 })
      const old = await ended(catalog.of(id), await model(catalog.of(id), 100), 4)
      await service.sweepKept()
      assert.equal(await catalog.of(id).job(old), null)
    } finally {
      await service.close()
    }
  })

  test('the API sets and shows it, and when things go', async () => {
    const headers = { authorization: 'Bearer key-of-the-operator' }
    const made = await harness.app.inject({ method: 'POST', url: '/v1/tenants', headers, payload: { name: 'over the API', retention: { jobs: 30 } } })
    assert.equal(made.statusCode, 201, made.body)
    const { id, key: { key } } = made.json()
    const change = async (retention: object) => await harness.app.inject({ method: 'PATCH', url: `/v1/tenants/${id}`, headers, payload: { retention } })
    assert.deepEqual((await change({ models: 5, artifacts: 2, checkpoints: 1 })).json().retention, { jobs: 30, models: 5, artifacts: 2, checkpoints: 1 })
    assert.deepEqual((await change({ models: 7, artifacts: null, checkpoints: 'default' })).json().retention, { jobs: 30, models: 7, artifacts: null })
    for (const wrong of [{ jobs: 0 }, { jobs: 1.5 }, { job: 3 }, { jobs: -1 }, { jobs: 1e9 }]) assert.equal((await change(wrong)).statusCode, 400, JSON.stringify(wrong))
    await change({ artifacts: 2, checkpoints: 1 })

    const mine = catalog.of(id)
    const get = async (url: string) => (await harness.app.inject({ url, headers: { authorization: `Bearer ${key}` } })).json()
    assert.deepEqual((await get('/v1/me')).retention, { artifacts: 2, checkpoints: 1, jobs: 30, models: 7, datasets: null })
    const modelId = await model(mine, 0)
    const shown = await get(`/v1/models/${modelId}`)
    assert.equal(Date.parse(shown.expiresAt) - Date.parse(shown.createdAt), 7 * DAY)
    assert.equal((await get('/v1/models')).items[0].expiresAt, shown.expiresAt)
    const { id: dataset } = await mine.createDataset(newFile('d'), DATASET)
    assert.equal('expiresAt' in await get(`/v1/datasets/${dataset}`), false)
    const [done, failed, queued] = [await ended(mine, modelId, 0), await ended(mine, modelId, 0, 'failed'), await jobOf(mine, modelId)]
    const job = await get(`/v1/jobs/${done}`)
    assert.deepEqual([Date.parse(job.expiresAt) - Date.parse(job.finishedAt), Date.parse(job.artifactsExpireAt) - Date.parse(job.finishedAt)], [30 * DAY, 2 * DAY])
    const broken = (await get('/v1/jobs?state=failed')).items[0]
    assert.deepEqual([broken.id, Date.parse(broken.checkpoint.expiresAt) - Date.parse(broken.finishedAt), 'artifactsExpireAt' in broken], [failed, DAY, false])
    assert.equal('expiresAt' in await get(`/v1/jobs/${queued.id}`), false)
  })

  test('the files of what is due go with the sweep', async () => {
    const mine = await tenantWith({ models: 1 })
    const file = await harness.blobs.put((async function * () { yield Buffer.from('model that is due') })())
    const { id } = await mine.createModel({ ...file, name: 'm' }, MODEL)
    await sweep({ catalog, blobs: harness.blobs })
    assert.equal(await harness.blobs.has(file.sha256), true)
    await age('models', id, 2)
    await sweep({ catalog, blobs: harness.blobs })
    assert.equal(await harness.blobs.has(file.sha256), false)
  })
})
