/** The two ways in which a job is made: in one statement where nothing limits the tenant, and step by step where something may. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createJobIn } from '../../src/infra/postgres/create-job.ts'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import { openDatabase, type Database } from '../../src/infra/postgres/client.ts'
import type { Catalog, JobRow } from '../../src/jobs/ports.ts'
import { NO_QUOTAS, type OwnQuotas, type Quotas } from '../../src/jobs/quotas.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { DATASET, MODEL, newFile, RECIPE } from '../contract/samples.ts'
import { freshDatabase } from '../support/database.ts'

describe('making a job', () => {
  let catalog: Catalog
  let opened: Database
  let drop: () => Promise<void>
  before(async () => {
    const { url, drop: end } = await freshDatabase()
    catalog = createCatalog(url)
    opened = openDatabase(url)
    drop = end
  })
  after(async () => {
    await catalog.close()
    await opened.prisma.$disconnect()
    await drop()
  })

  /** A job as it was made, by what is the same for all, and how many transactions of several statements that took. */
  async function made (tenant: string, quotas: Quotas = NO_QUOTAS): Promise<{ job: Partial<JobRow>, transactions: number }> {
    let transactions = 0
    const prisma = new Proxy(opened.prisma, {
      get (target, name) {
        if (name === '$transaction') transactions++
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) as unknown : value
      },
    })
    const mine = catalog.of(tenant)
    const [model, dataset] = [await mine.createModel(newFile('m'), MODEL), await mine.createDataset(newFile('d'), DATASET)]
    const { id, modelId, datasetId, createdAt, tenantId, ...job } = await createJobIn({ ...opened, prisma, quotas }, tenant)({ modelId: model.id, datasetId: dataset.id, evaluationDatasetId: null, recipe: RECIPE, priority: 3 })
    assert.deepEqual([modelId, datasetId, tenantId], [model.id, dataset.id, tenant])
    assert.deepEqual(await mine.job(id), { id, modelId, datasetId, createdAt, tenantId, ...job })
    assert.equal((await mine.attempts(id)).length, 1)
    return { job, transactions }
  }
  const tenantWith = async (name: string, quotas: OwnQuotas): Promise<string> => (await catalog.createTenant(name, quotas)).tenant.id

  test('tenants that nothing limits take the short way, whatever their row says; both ways make and count the same', async () => {
    const short = [FIRST_TENANT, await tenantWith('none', {}), await tenantWith('null', { jobsPerDay: null }), await tenantWith('others', { models: 5, runningJobs: 1 })]
    const long = [await tenantWith('jobs', { jobsPerDay: 100 }), await tenantWith('unfinished', { unfinishedJobs: 100 }), await tenantWith('bytes', { storedBytes: 1e9 })]
    const [first, ...rest] = [...await Promise.all(short.map(async (id) => await made(id))), ...await Promise.all(long.map(async (id) => await made(id)))]
    assert.deepEqual([first, ...rest].map((one) => one!.transactions), [0, 0, 0, 0, 1, 1, 1])
    for (const { job } of rest) assert.deepEqual(job, first!.job)
    for (const tenant of [...short, ...long]) assert.deepEqual((({ jobsPerDay, unfinishedJobs }) => [jobsPerDay, unfinishedJobs])((await catalog.of(tenant).standing()).used), [1, 1], tenant)
  })

  test('where the service limits all, every tenant takes the long way, and is refused', async () => {
    const tenant = await tenantWith('limited', {})
    const quotas = { ...NO_QUOTAS, jobsPerDay: 1 }
    assert.equal((await made(tenant, quotas)).transactions, 1)
    await assert.rejects(made(tenant, quotas), { code: 'quota-exceeded', details: { quota: 'jobsPerDay', used: 1, allowed: 1, asked: 1 } })
  })
})
