/** The Catalog on Postgres: the contract, and what time and lost connections do to it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import type { Catalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { catalogContract } from '../contract/catalog.ts'
import { catalogBlobUseContract } from '../contract/catalog-blob-use.ts'
import { catalogMetricsContract } from '../contract/catalog-metrics.ts'
import { catalogMovesContract } from '../contract/catalog-moves.ts'
import { catalogPauseContract } from '../contract/catalog-pause.ts'
import { catalogWatchingContract } from '../contract/catalog-watching.ts'
import { catalogSweepsContract } from '../contract/catalog-sweeps.ts'
import { catalogTenantsContract } from '../contract/catalog-tenants.ts'
import { catalogUploadsContract } from '../contract/catalog-uploads.ts'
import { catalogTrustContract } from '../contract/catalog-trust.ts'
import { artifact, MODEL, newFile, newJob, RECEIPT } from '../contract/samples.ts'
import { openCatalog, type CatalogOnDatabase } from '../support/catalog.ts'

let database: CatalogOnDatabase
let catalog: Catalog
let admin: pg.Client

before(async () => {
  database = await openCatalog()
  ;({ catalog, admin } = database)
})
after(async () => { await database.close() })

catalogContract('Postgres', () => catalog)
catalogMovesContract('Postgres', () => catalog)
catalogPauseContract('Postgres', () => catalog)
catalogMetricsContract('Postgres', () => catalog)
catalogWatchingContract('Postgres', () => catalog)
catalogSweepsContract('Postgres', () => catalog)
catalogTenantsContract('Postgres', () => catalog, async () => {
  await admin.query("INSERT INTO tenants (id, name) VALUES ('tnt_other', 'other')")
  return 'tnt_other'
})

catalogTrustContract('Postgres', () => catalog)
catalogBlobUseContract('Postgres', () => catalog)
catalogUploadsContract('Postgres', () => catalog)

describe('catalog on Postgres', () => {
  test('every change of a job is an event, in order, and told to those who listen', async () => {
    const heard: string[] = []
    admin.on('notification', ({ payload }) => { heard.push(payload ?? '') })
    await admin.query('LISTEN espalier_job_changes')
    const { id } = await newJob(catalog)
    await catalog.begin(id, 1, 'w')
    await catalog.begin(id, 1, 'another')
    await catalog.progress(id, 1, { stage: 'prune', done: 1, total: 2, etaSeconds: 1 })
    await catalog.fail(id, 1, { code: 'internal', message: 'broke' })
    await catalog.of(FIRST_TENANT).retry(id)
    await catalog.of(FIRST_TENANT).requestPause(id)
    await catalog.of(FIRST_TENANT).resume(id)
    await catalog.of(FIRST_TENANT).requestCancel(id)
    const { rows } = await admin.query<{ state: string, attempt: number, tenant_id: string }>('SELECT state, attempt, tenant_id FROM job_events WHERE job_id = $1 ORDER BY id', [id])
    assert.deepEqual(rows.map(({ state, attempt }) => `${state} ${attempt}`), ['queued 1', 'running 1', 'failed 1', 'queued 2', 'paused 2', 'queued 3', 'cancelled 3'])
    assert.ok(rows.every((row) => row.tenant_id === FIRST_TENANT))
    await admin.query('UNLISTEN espalier_job_changes')
    assert.equal(heard.filter((told) => told === `state ${id} ${FIRST_TENANT}`).length, rows.length)
  })

  test('idempotency keys: an abandoned reservation is taken over, an old answer forgotten', async () => {
    const age = async (key: string, column: string, interval: string): Promise<void> => {
      await admin.query(`UPDATE idempotency_keys SET ${column} = now() - $2::interval WHERE key = $1`, [key, interval])
    }
    await catalog.reserveIdempotency('s', 'abandoned', 'f')
    await age('abandoned', 'reserved_at', '6 minutes')
    assert.deepEqual(await catalog.reserveIdempotency('s', 'abandoned', 'g'), { kind: 'mismatch' })
    assert.deepEqual(await catalog.reserveIdempotency('s', 'abandoned', 'f'), { kind: 'fresh' })
    assert.deepEqual(await catalog.reserveIdempotency('s', 'abandoned', 'f'), { kind: 'running' })
    await catalog.reserveIdempotency('s', 'old', 'f')
    await catalog.completeIdempotency('s', 'old', { status: 200, headers: {}, body: '' })
    await age('old', 'created_at', '25 hours')
    assert.deepEqual(await catalog.reserveIdempotency('s', 'old', 'g'), { kind: 'fresh' })
    await age('old', 'created_at', '25 hours')
    assert.equal(await catalog.sweepIdempotency(), 1)
  })

  test('pages hold when many rows were made in the same millisecond', async () => {
    await admin.query("UPDATE models SET created_at = '2026-01-01T00:00:00.123Z'")
    for (let i = 0; i < 5; i++) await catalog.of(FIRST_TENANT).createModel(newFile(`same ${i}`), MODEL)
    await admin.query("UPDATE models SET created_at = '2026-01-01T00:00:00.123Z'")
    const all = (await catalog.of(FIRST_TENANT).models({ limit: 1000 })).items.map((model) => model.id)
    const paged: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await catalog.of(FIRST_TENANT).models({ limit: 2, ...(cursor !== undefined && { cursor }) })
      paged.push(...page.items.map((model) => model.id))
      cursor = page.next
    }
    assert.deepEqual(paged, all)
  })

  test('listing reads an index, not the table', async () => {
    await admin.query('ANALYZE jobs')
    await admin.query('SET enable_seqscan = off')
    const { rows } = await admin.query('EXPLAIN SELECT * FROM jobs WHERE tenant_id = $1 AND model_id = $2 ORDER BY created_at DESC, id DESC LIMIT 21', [FIRST_TENANT, 'mdl_x'])
    await admin.query('RESET enable_seqscan')
    const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n')
    assert.match(plan, /jobs_tenant_id_model_id_created_at_id_idx/)
    assert.doesNotMatch(plan, /Sort/)
  })

  test('all that keeps a tenant from being deleted is deleted with it', async () => {
    const { rows } = await admin.query<{ name: string }>("SELECT conrelid::regclass::text AS name FROM pg_constraint WHERE confrelid = 'tenants'::regclass AND contype = 'f' AND confdeltype <> 'c'")
    assert.deepEqual(rows.map(({ name }) => name).sort(), ['datasets', 'jobs', 'models', 'sweeps'], 'a table that refers to tenants needs ON DELETE CASCADE, or a place in OWNED of src/infra/postgres/tenants.ts and here')
  })

  test('actions that are long past are dropped', async () => {
    const forgetful = createCatalog(database.url, { auditDays: 30 })
    try {
      const note = { tenantId: FIRST_TENANT, actor: 'a', action: 'b', target: null, status: 200, requestId: 'r', details: null }
      await forgetful.note([{ ...note, at: new Date(Date.now() - 31 * 86_400_000) }, { ...note, at: new Date(Date.now() - 29 * 86_400_000) }])
      assert.equal(await catalog.sweepAudit(), 0)
      assert.equal(await forgetful.sweepAudit(), 1)
    } finally {
      await forgetful.close()
    }
  })

  test('connections that are cut: with patience every move goes on', async () => {
    const patient = createCatalog(database.url, { patience: 10_000 })
    const { id } = await newJob(patient)
    const cut = async (): Promise<void> => {
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
    }
    const done = new AbortController()
    // On a machine that is busy a connection takes longer than the shortest of these pauses.
    const cutting = (async () => { for (let cuts = 0; !done.signal.aborted; cuts++) { await cut(); await sleep(15 + 10 * (cuts % 10)) } })()
    try {
      assert.equal((await patient.begin(id, 1, 'w')).begun, true)
      for (let i = 0; i < 40; i++) assert.equal(await patient.progress(id, 1, { stage: 'prune', done: i, total: 40, etaSeconds: null }), true)
      assert.equal(await patient.succeed(id, 1, RECEIPT, [artifact('a')]), true)
    } finally {
      done.abort()
      await cutting
      await patient.close()
    }
    assert.equal((await catalog.of(FIRST_TENANT).job(id))?.state, 'succeeded')
    assert.equal((await catalog.of(FIRST_TENANT).artifacts(id)).length, 1)
  })

  test('without a Postgres: at once unavailable, or after its patience', async () => {
    for (const [patience, least, most] of [[0, 0, 2000], [600, 300, 3000]] as const) {
      const absent = createCatalog('postgresql://nobody@127.0.0.1:1/none', { patience })
      const start = performance.now()
      await assert.rejects(absent.anyJob('job_x'), { code: 'unavailable' })
      const took = performance.now() - start
      assert.ok(took >= least && took < most, `${took} ms`)
      await assert.rejects(absent.ping(), { code: 'unavailable' })
      await assert.rejects(newJob(absent), { code: 'unavailable' })
      await absent.close()
    }
  })
})
