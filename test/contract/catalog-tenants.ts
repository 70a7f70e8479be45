/** What every Catalog must keep from other tenants: each method of TenantCatalog, asked for what belongs to another one. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Catalog, JobRow, TenantCatalog } from '../../src/jobs/ports.ts'
import type { KeyRow } from '../../src/jobs/tenant-ports.ts'
import type { Dataset, Model } from '../../src/jobs/resources.ts'
import type { UploadRow } from '../../src/jobs/uploads.ts'
import type { Webhook, WebhookDelivery } from '../../src/jobs/webhooks/resources.ts'
import { FOR_EVER } from '../../src/jobs/retention.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { artifact, DATASET, MODEL, newFile, newSweep, RECEIPT, RECIPE, WEBHOOK } from './samples.ts'

interface Theirs { readonly model: Model, readonly dataset: Dataset, readonly done: JobRow, readonly queued: JobRow, readonly paused: JobRow, readonly running: JobRow, readonly webhook: Webhook, readonly delivery: WebhookDelivery, readonly sweep: string, readonly key: KeyRow, readonly upload: UploadRow }

/** The method, called with what is another tenant's, and what it must say. A method without a line here is a type error. */
const NOTHING_OF = {
  createModel: async (mine) => { assert.notEqual((await mine.createModel(newFile('own'), MODEL)).id, undefined) },
  model: async (mine, { model }) => { assert.equal(await mine.model(model.id), null) },
  models: async (mine, { model }) => { assert.ok((await mine.models({ limit: 100 })).items.every(({ id }) => id !== model.id)) },
  deleteModel: async (mine, { model }) => { assert.equal(await mine.deleteModel(model.id), false) },
  createDataset: async (mine) => { assert.notEqual((await mine.createDataset(newFile('own'), DATASET)).id, undefined) },
  dataset: async (mine, { dataset }) => { assert.equal(await mine.dataset(dataset.id), null) },
  datasets: async (mine, { dataset }) => { assert.ok((await mine.datasets({ limit: 100 })).items.every(({ id }) => id !== dataset.id)) },
  deleteDataset: async (mine, { dataset }) => { assert.equal(await mine.deleteDataset(dataset.id), false) },
  createJob: async (mine, { model, dataset }) => {
    const own = await mine.createModel(newFile('own'), MODEL)
    const job = { modelId: own.id, datasetId: null, evaluationDatasetId: null, recipe: RECIPE }
    await assert.rejects(mine.createJob({ ...job, modelId: model.id }), { code: 'not-found' })
    await assert.rejects(mine.createJob({ ...job, datasetId: dataset.id }), { code: 'not-found' })
    await assert.rejects(mine.createJob({ ...job, evaluationDatasetId: dataset.id }), { code: 'not-found' })
  },
  job: async (mine, { done }) => { assert.equal(await mine.job(done.id), null) },
  jobs: async (mine, { done, model }) => {
    assert.ok((await mine.jobs({ limit: 100 })).items.every(({ id }) => id !== done.id))
    assert.deepEqual((await mine.jobs({ limit: 100, model: model.id })).items, [])
  },
  wholeJob: async (mine, { done }) => { assert.equal(await mine.wholeJob(done.id), null) },
  attempts: async (mine, { done }) => { assert.deepEqual(await mine.attempts(done.id), []) },
  artifacts: async (mine, { done }) => { assert.deepEqual(await mine.artifacts(done.id), []) },
  deleteJob: async (mine, { done }) => { assert.equal(await mine.deleteJob(done.id), false) },
  position: async (mine, { done }) => { assert.equal(await mine.position(done.id), null) },
  metricSeries: async (mine, { done }) => { assert.deepEqual(await mine.metricSeries(done.id), []) },
  metricPoints: async (mine, { done }) => { assert.deepEqual((await mine.metricPoints(done.id, { series: ['loss'], after: -1, limit: 10 })).series, []) },
  watched: async (mine, { done }) => { assert.equal(await mine.watched(done.id, 0, 10), null) },
  newestStep: async (mine, { done }) => { assert.equal(await mine.newestStep(done.id), null) },
  newPoints: async (mine, { done }) => { assert.equal(await mine.newPoints(done.id, -1, 100), null) },
  events: async (mine) => { assert.deepEqual(await mine.events(0, Number.MAX_SAFE_INTEGER, 100), []) },
  workedOn: async (mine, { running }) => {
    assert.deepEqual(await mine.workedOn([running.id]), [])
    assert.deepEqual(await mine.workedOn(null), [])
  },
  requestCancel: async (mine, { queued }) => { assert.equal(await mine.requestCancel(queued.id), null) },
  requestPause: async (mine, { queued }) => { assert.equal(await mine.requestPause(queued.id), null) },
  resume: async (mine, { paused }) => { assert.equal(await mine.resume(paused.id), null) },
  workers: async (mine, { done }) => {
    const worker = (await mine.workers()).find(({ id }) => id === 'wrk_theirs')
    assert.deepEqual([worker?.running, worker?.jobs], [1, []], `a worker is seen, but not that it works on ${done.id}`)
  },
  retry: async (mine, { done }) => { assert.equal(await mine.retry(done.id), null) },
  createWebhook: async (mine) => { assert.deepEqual(await mine.createWebhook(WEBHOOK, 1).then(async ({ id }) => (await mine.webhook(id))?.id === id), true) },
  webhook: async (mine, { webhook }) => { assert.equal(await mine.webhook(webhook.id), null) },
  webhooks: async (mine, { webhook }) => { assert.ok((await mine.webhooks({ limit: 100 })).items.every(({ id }) => id !== webhook.id)) },
  changeWebhook: async (mine, { webhook }) => { assert.equal(await mine.changeWebhook(webhook.id, { active: false }), null) },
  rotateWebhookSecret: async (mine, { webhook }) => { assert.equal(await mine.rotateWebhookSecret(webhook.id, 'whsec_other', 1000), null) },
  deleteWebhook: async (mine, { webhook }) => { assert.equal(await mine.deleteWebhook(webhook.id), false) },
  pingWebhook: async (mine, { webhook }) => { assert.equal(await mine.pingWebhook(webhook.id), null) },
  deliveries: async (mine, { webhook }) => { assert.equal(await mine.deliveries(webhook.id, { limit: 100 }), null) },
  retryDelivery: async (mine, { webhook, delivery }) => { assert.equal(await mine.retryDelivery(webhook.id, delivery.id), null) },
  createSweep: async (mine, { model }) => { await assert.rejects(mine.createSweep(newSweep(model.id, 2)), { code: 'not-found' }) },
  sweep: async (mine, { sweep }) => { assert.equal(await mine.sweep(sweep), null) },
  sweeps: async (mine, { model }) => { assert.deepEqual([(await mine.sweeps({ limit: 100 })).items, (await mine.sweeps({ limit: 100, model: model.id })).items], [[], []]) },
  sweepPoints: async (mine, { sweep }) => { assert.deepEqual([await mine.sweepPoints(sweep), (await mine.jobs({ limit: 100, sweep })).items], [[], []]) },
  requestCancelSweep: async (mine, { sweep }) => { assert.equal(await mine.requestCancelSweep(sweep), null) },
  deleteSweep: async (mine, { sweep }) => { assert.equal(await mine.deleteSweep(sweep), false) },
  createUpload: async (mine, { upload }) => {
    const { id } = await mine.createUpload({ bytes: 1, metadata: {} }, 1000)
    assert.notEqual(id, upload.id)
    assert.equal(await mine.deleteUpload(id), true)
  },
  upload: async (mine, { upload }) => { assert.equal(await mine.upload(upload.id), null) },
  uploads: async (mine) => { assert.deepEqual((await mine.uploads({ limit: 100 })).items, []) },
  addUploadPart: async (mine, { upload }) => { await assert.rejects(mine.addUploadPart(upload.id, { position: upload.received, bytes: 1, sha256: 'a'.repeat(64) }, 1000), { code: 'not-found' }) },
  uploadParts: async (mine, { upload }) => { assert.deepEqual(await mine.uploadParts(upload.id), []) },
  deleteUpload: async (mine, { upload }) => { assert.equal(await mine.deleteUpload(upload.id), false) },
  createKey: async (mine, { key }) => { assert.notEqual((await mine.createKey(NEW_KEY)).row.tenantId, key.tenantId) },
  key: async (mine, { key }) => { assert.equal(await mine.key(key.id), null) },
  keys: async (mine, { key }) => { assert.ok((await mine.keys({ limit: 100 })).items.every(({ id }) => id !== key.id)) },
  rotateKey: async (mine, { key }) => { assert.equal(await mine.rotateKey(key.id, 60, null), null) },
  revokeKey: async (mine, { key }) => { assert.equal(await mine.revokeKey(key.id), false) },
  standing: async (mine) => {
    const { tenant, used } = await mine.standing()
    const own = (await mine.models({ limit: 100 })).items
    assert.deepEqual([tenant.name, used.models, used.storedBytes], ['other', own.length, own.reduce((all, { bytes }) => all + bytes, 0) + (await mine.datasets({ limit: 100 })).items.reduce((all, { bytes }) => all + bytes, 0)])
    assert.deepEqual([used.jobsPerDay, used.unfinishedJobs, used.runningJobs], [0, 0, 0])
  },
  retention: async (mine) => { assert.deepEqual(await mine.retention(), FOR_EVER) },
  room: async (mine) => { assert.equal(await mine.room('models'), Infinity) },
  audit: async (mine) => { assert.deepEqual((await mine.audit({ limit: 100 })).items, []) },
} as const satisfies Record<keyof TenantCatalog, (mine: TenantCatalog, theirs: Theirs) => Promise<void>>

const NEW_KEY = { name: 'ci', scopes: ['read'], expiresAt: null } as const

/** `addTenant` makes one and gives its id. */
export function catalogTenantsContract (name: string, catalog: () => Catalog, addTenant: () => Promise<string>): void {
  describe(`tenants: ${name}`, () => {
    let theirs: Theirs
    let mine: TenantCatalog

    before(async () => {
      const owner = catalog().of(FIRST_TENANT)
      const model = await owner.createModel(newFile('theirs'), MODEL)
      const dataset = await owner.createDataset(newFile('theirs'), DATASET)
      const create = async (): Promise<JobRow> => await owner.createJob({ modelId: model.id, datasetId: dataset.id, evaluationDatasetId: null, recipe: RECIPE })
      const webhook = await owner.createWebhook(WEBHOOK, 100)
      const delivery = await owner.pingWebhook(webhook.id)
      assert.ok(delivery !== null)
      const [done, queued, paused, running] = [await create(), await create(), await create(), await create()]
      await catalog().begin(running.id, 1, 'w')
      await catalog().begin(done.id, 1, 'w')
      await catalog().metrics(done.id, 1, { points: [{ step: 1, epoch: 1, values: { loss: 1 } }] })
      await catalog().succeed(done.id, 1, RECEIPT, [artifact('m.keras')])
      await owner.requestPause(paused.id)
      await catalog().beat({
        id: 'wrk_theirs', name: 'w', host: 'h', pid: 1, version: '0', state: 'ready', device: null, memoryBytes: 1, cpus: 1, concurrency: 1, queues: ['default'], jobs: [done.id],
      })
      const { sweep } = await owner.createSweep(newSweep(model.id, 2))
      const { row: key } = await owner.createKey(NEW_KEY)
      await catalog().note([{ tenantId: FIRST_TENANT, at: new Date(), actor: key.id, action: 'createJob', target: done.id, status: 202, requestId: 'r', details: null }])
      const { id: upload } = await owner.createUpload({ bytes: 10, metadata: { filename: 'theirs' } }, 60_000)
      await owner.addUploadPart(upload, { position: 0, bytes: 4, sha256: 'a'.repeat(64) }, 60_000)
      theirs = { model, dataset, done, queued, paused, running, webhook, delivery, sweep: sweep.id, key, upload: (await owner.upload(upload))! }
      mine = catalog().of(await addTenant())
    })

    for (const [method, nothing] of Object.entries(NOTHING_OF)) {
      test(`${method} knows nothing of another tenant`, async () => { await nothing(mine, theirs) })
    }

    test('what is the other tenant\'s is as it was', async () => {
      const owner = catalog().of(FIRST_TENANT)
      assert.deepEqual(await owner.model(theirs.model.id), theirs.model)
      assert.deepEqual(await owner.dataset(theirs.dataset.id), theirs.dataset)
      assert.equal((await owner.job(theirs.done.id))?.state, 'succeeded')
      assert.equal((await owner.artifacts(theirs.done.id)).length, 1)
      assert.deepEqual((await owner.metricSeries(theirs.done.id)).map((series) => series.name), ['loss'])
      assert.equal((await owner.job(theirs.queued.id))?.state, 'queued')
      assert.equal((await owner.job(theirs.paused.id))?.state, 'paused')
      assert.deepEqual((await owner.sweep(theirs.sweep))?.counts, { queued: 2 })
      assert.deepEqual(await owner.key(theirs.key.id), theirs.key)
      assert.deepEqual(await owner.upload(theirs.upload.id), theirs.upload)
      assert.equal((await catalog().anyJob(theirs.queued.id))?.tenantId, FIRST_TENANT)
      assert.deepEqual(await owner.webhook(theirs.webhook.id), theirs.webhook)
      assert.deepEqual((await owner.deliveries(theirs.webhook.id, { limit: 100 }))?.items.find(({ type }) => type === 'ping'), theirs.delivery)
    })
  })
}
