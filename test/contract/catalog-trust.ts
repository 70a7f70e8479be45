/** What every Catalog must do for keys, quotas, tenants and the record of actions. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { hashOfKey } from '../../src/jobs/api-key.ts'
import type { Catalog, TenantCatalog } from '../../src/jobs/ports.ts'
import type { OwnQuotas } from '../../src/jobs/quotas.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { artifact, DATASET, MODEL, newFile, RECEIPT, RECIPE } from './samples.ts'

const MOMENT = (ms: number): Date => new Date(Date.now() + ms)

/** How many of the calls were refused for this quota; fails when any was for another reason. */
async function refused (quota: string, calls: ReadonlyArray<Promise<unknown>>): Promise<number> {
  const failures = (await Promise.allSettled(calls)).flatMap((result) => result.status === 'rejected' ? [result.reason] : [])
  for (const failure of failures) assert.deepEqual([failure.code, failure.details?.quota], ['quota-exceeded', quota], String(failure))
  return failures.length
}

/** `catalog()` is asked within each test; `connections` is how many requests at once it can answer. */
export function catalogTrustContract (name: string, catalog: () => Catalog): void {
  let counter = 0
  const tenantWith = async (quotas: OwnQuotas): Promise<{ id: string, mine: TenantCatalog }> => {
    const { tenant: { id } } = await catalog().createTenant(`tenant ${++counter}`, quotas)
    return { id, mine: catalog().of(id) }
  }

  describe(`keys: ${name}`, () => {
    const first = (): TenantCatalog => catalog().of(FIRST_TENANT)

    test('a key is told once and found by its hash; of the key nothing is kept', async () => {
      const { key, row } = await first().createKey({ name: 'ci', scopes: ['read', 'write'], expiresAt: null })
      assert.match(key, /^esp_[0-9a-z]{20}_[\w-]{43}$/)
      assert.equal(key.slice(4, 24), row.id.slice(4))
      assert.equal(row.hint, key.slice(-4))
      const owner = await catalog().keyOwner({ hash: hashOfKey(key) })
      assert.deepEqual(owner, { ...row, hash: hashOfKey(key), valid: true })
      assert.deepEqual(await catalog().keyOwner({ id: row.id }), owner)
      assert.equal(await catalog().keyOwner({ hash: hashOfKey(`${key}x`) }), null)
      assert.ok(!JSON.stringify([await first().key(row.id), await first().keys({ limit: 10 })]).includes(key.slice(25)))
      assert.equal(await catalog().anyKey(), true)
    })

    test('one that has expired or was revoked opens nothing', async () => {
      const expired = await first().createKey({ name: 'old', scopes: ['read'], expiresAt: MOMENT(-1000) })
      const revoked = await first().createKey({ name: 'lost', scopes: ['read'], expiresAt: MOMENT(60_000) })
      const validity = async (id: string): Promise<boolean | undefined> => (await catalog().keyOwner({ id }))?.valid
      assert.deepEqual([await validity(expired.row.id), await validity(revoked.row.id)], [false, true])
      assert.deepEqual([...await catalog().validKeys([expired.row.id, revoked.row.id, 'key_none'])], [revoked.row.id])
      assert.deepEqual([await first().revokeKey(revoked.row.id), await first().revokeKey('key_none')], [true, false])
      assert.equal(await validity(revoked.row.id), false)
      assert.equal((await catalog().validKeys([expired.row.id, revoked.row.id])).size, 0)
      const at = (await first().key(revoked.row.id))?.revokedAt
      await first().revokeKey(revoked.row.id)
      assert.deepEqual((await first().key(revoked.row.id))?.revokedAt, at)
      for (const { row } of [expired, revoked]) await assert.rejects(first().rotateKey(row.id, 60, null), { code: 'conflict' })
    })

    test('rotation: a new key at once, the old one for its grace, never for longer than it had', async () => {
      const old = await first().createKey({ name: 'deploy', scopes: ['write'], expiresAt: null })
      const next = await first().rotateKey(old.row.id, 60, null)
      assert.deepEqual([next?.row.name, next?.row.scopes, next?.row.expiresAt], ['deploy', ['write'], null])
      assert.notEqual(next?.key, old.key)
      const ends = (await first().key(old.row.id))!.expiresAt!.getTime()
      assert.ok(Math.abs(ends - Date.now() - 60_000) < 10_000)
      assert.equal((await catalog().keyOwner({ id: old.row.id }))?.valid, true)
      await first().rotateKey(old.row.id, 3600, null)
      assert.equal((await first().key(old.row.id))!.expiresAt!.getTime(), ends)
      await first().rotateKey(old.row.id, 0, null)
      assert.equal((await catalog().keyOwner({ id: old.row.id }))?.valid, false)
    })

    test('when it was used is written at most once a minute', async () => {
      const { row } = await first().createKey({ name: 'used', scopes: ['read'], expiresAt: null })
      assert.equal(row.lastUsedAt, null)
      await catalog().keyUsed(row.id)
      const used = (await first().key(row.id))?.lastUsedAt
      assert.ok(used instanceof Date)
      await catalog().keyUsed(row.id)
      assert.deepEqual((await first().key(row.id))?.lastUsedAt, used)
    })

    test('a secret is the same for all who ask, also at once', async () => {
      const asked = await Promise.all(Array.from({ length: 8 }, async () => Buffer.from(await catalog().secret('test')).toString('hex')))
      assert.equal(new Set(asked).size, 1)
      assert.equal(asked[0]!.length, 64)
      assert.notEqual(Buffer.from(await catalog().secret('another')).toString('hex'), asked[0])
    })
  })

  describe(`quotas: ${name}`, () => {
    const times = <T>(call: () => Promise<T>): Array<Promise<T>> => Array.from({ length: 20 }, call)

    test('20 uploads at once are as many as are allowed', async () => {
      const { mine } = await tenantWith({ models: 5 })
      assert.equal(await refused('models', times(async () => await mine.createModel(newFile('m'), MODEL))), 15)
      assert.equal((await mine.standing()).used.models, 5)
      await assert.rejects(mine.room('models'), { code: 'quota-exceeded', message: 'the quota models allows 5 models; 5 are used' })
      await mine.deleteModel((await mine.models({ limit: 1 })).items[0]!.id)
      await mine.createModel(newFile('m'), MODEL)
      assert.equal(await refused('datasets', times(async () => await mine.createDataset(newFile('d'), DATASET))), 0)
    })

    test('bytes: models, data sets, artifacts and checkpoints of the tenant, each file as often as it has it', async () => {
      const { mine } = await tenantWith({ storedBytes: 1000 })
      const file = { ...newFile('m'), bytes: 300 }
      assert.equal(await refused('storedBytes', times(async () => await mine.createModel(file, MODEL))), 17)
      assert.equal(await mine.room('models'), 100)
      await mine.createDataset({ ...file, bytes: 50 }, DATASET)
      const job = await mine.createJob({ modelId: (await mine.models({ limit: 1 })).items[0]!.id, datasetId: null, evaluationDatasetId: null, recipe: RECIPE })
      await catalog().begin(job.id, 1, 'w')
      await catalog().checkpoint(job.id, 1, { sha256: 'a'.repeat(64), bytes: 7 })
      assert.equal((await mine.standing()).used.storedBytes, 957)
      await catalog().succeed(job.id, 1, RECEIPT, [{ ...artifact('a'), bytes: 500 }])
      assert.equal((await mine.standing()).used.storedBytes, 1450)
      await assert.rejects(mine.room(), { code: 'quota-exceeded' })
      await assert.rejects(mine.createJob({ modelId: job.modelId, datasetId: null, evaluationDatasetId: null, recipe: RECIPE }), { code: 'quota-exceeded' })
      await mine.deleteJob(job.id)
      assert.equal((await mine.standing()).used.storedBytes, 950)
    })

    test('jobs: unfinished ones, and those of a day, which deleting does not give back', async () => {
      const { mine } = await tenantWith({ unfinishedJobs: 3, jobsPerDay: 5 })
      const { id: modelId } = await mine.createModel(newFile('m'), MODEL)
      const create = async () => await mine.createJob({ modelId, datasetId: null, evaluationDatasetId: null, recipe: RECIPE })
      assert.equal(await refused('unfinishedJobs', times(create)), 17)
      const [one, two, three] = (await mine.jobs({ limit: 3 })).items
      await mine.requestPause(three!.id)
      await create()
      await assert.rejects(mine.resume(three!.id), { code: 'quota-exceeded' })
      for (const { id } of [one!, two!]) await mine.requestCancel(id)
      await mine.deleteJob(one!.id)
      assert.equal((await mine.retry(two!.id))?.attempt, 2)
      assert.deepEqual([(await mine.standing()).used.jobsPerDay, (await mine.standing()).used.unfinishedJobs], [5, 2])
      await assert.rejects(create(), { code: 'quota-exceeded' })
      assert.equal((await mine.resume(three!.id))?.state, 'queued')
    })

    test('running jobs: of 20 begun at once as many run as may, the others stay queued', async () => {
      const { mine } = await tenantWith({ runningJobs: 2 })
      const { id: modelId } = await mine.createModel(newFile('m'), MODEL)
      const jobs = await Promise.all(times(async () => await mine.createJob({ modelId, datasetId: null, evaluationDatasetId: null, recipe: RECIPE })))
      const begun = await Promise.all(jobs.map(async ({ id }) => await catalog().begin(id, 1, 'w')))
      assert.equal(begun.filter((result) => result.begun).length, 2)
      for (const result of begun) if (!result.begun) assert.deepEqual(result, { begun: false, state: 'queued', full: { used: 2, allowed: 2 } })
      const running = begun.findIndex((result) => result.begun)
      assert.equal((await catalog().begin(jobs[running]!.id, 1, 'another')).begun, true, 'one that runs is begun again when its worker died')
      await catalog().fail(jobs[running]!.id, 1, { code: 'internal', message: 'broke' })
      assert.equal((await catalog().begin(jobs[begun.findIndex((result) => !result.begun)]!.id, 1, 'w')).begun, true)
      assert.equal((await catalog().begin(jobs[running]!.id, 1, 'w')).begun, false)
    })

    test('a tenant\'s own limits stand before those of the service', async () => {
      const { id, mine } = await tenantWith({ models: 1 })
      await mine.createModel(newFile('m'), MODEL)
      await catalog().changeTenant(id, { quotas: { models: 2 } })
      await mine.createModel(newFile('m'), MODEL)
      assert.equal((await mine.standing()).quotas.models, 2)
      await catalog().changeTenant(id, { quotas: {} })
      assert.equal((await mine.standing()).quotas.models, null)
      await mine.createModel(newFile('m'), MODEL)
    })
  })

  describe(`tenants, all: ${name}`, () => {
    test('names are their own; one that has something goes only with it', async () => {
      const { tenant, issued } = await catalog().createTenant('with files', {})
      assert.deepEqual(issued.row.scopes, ['read', 'write', 'admin'])
      await assert.rejects(catalog().createTenant('with files', {}), { code: 'conflict' })
      await assert.rejects(catalog().changeTenant(FIRST_TENANT, { name: 'with files' }), { code: 'conflict' })
      const mine = catalog().of(tenant.id)
      const { id: modelId } = await mine.createModel(newFile('m'), MODEL)
      const { id: datasetId } = await mine.createDataset(newFile('d'), DATASET)
      const job = await mine.createJob({ modelId, datasetId, evaluationDatasetId: null, recipe: RECIPE })
      await assert.rejects(catalog().deleteTenant(tenant.id, false), { code: 'conflict' })
      assert.equal(await catalog().deleteTenant(tenant.id, true), true)
      assert.deepEqual([await catalog().tenant(tenant.id), await catalog().anyJob(job.id), await catalog().keyOwner({ id: issued.row.id })], [null, null, null])
      await assert.rejects(mine.createModel(newFile('m'), MODEL), { code: 'not-found' })
      assert.equal(await catalog().deleteTenant(tenant.id, true), false)
      await assert.rejects(catalog().deleteTenant(FIRST_TENANT, true), { code: 'conflict' })
      const empty = await catalog().createTenant('empty', {})
      assert.equal(await catalog().deleteTenant(empty.tenant.id, false), true)
    })
  })

  describe(`record of actions: ${name}`, () => {
    let mine: TenantCatalog
    before(async () => {
      const { id, mine: own } = await tenantWith({})
      mine = own
      const note = (action: string, target: string, at: Date) => ({ tenantId: id, at, actor: `key_${target}`, action, target, status: 201, requestId: 'r', details: { address: '::1' } })
      await catalog().note([note('createModel', 'a', MOMENT(-3000)), note('createJob', 'b', MOMENT(-2000)), note('createJob', 'a', MOMENT(-1000))])
    })

    test('comes newest first, in pages, and filtered', async () => {
      const all = await mine.audit({ limit: 10 })
      assert.deepEqual(all.items.map(({ action, target }) => `${action} ${target}`), ['createJob a', 'createJob b', 'createModel a'])
      assert.deepEqual(all.items[0]!.details, { address: '::1' })
      const first = await mine.audit({ limit: 2 })
      assert.deepEqual([...first.items, ...(await mine.audit({ limit: 2, cursor: first.next! })).items], all.items)
      const count = async (query: object): Promise<number> => (await mine.audit({ limit: 10, ...query })).items.length
      assert.deepEqual([await count({ action: 'createJob' }), await count({ target: 'a' }), await count({ actor: 'key_b' }), await count({ since: all.items[1]!.at }), await count({ until: all.items[1]!.at })], [2, 2, 1, 2, 1])
      await assert.rejects(mine.audit({ limit: 1, cursor: 'bm9uZQ' }), { code: 'invalid-request' })
    })
  })
}
