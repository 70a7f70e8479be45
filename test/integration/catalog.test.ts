/** The Catalog on Postgres: the contract, and what time and lost connections do to it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import type { Catalog } from '../../src/jobs/ports.ts'
import { catalogContract } from '../contract/catalog.ts'
import { catalogMetricsContract } from '../contract/catalog-metrics.ts'
import { catalogMovesContract } from '../contract/catalog-moves.ts'
import { catalogPauseContract } from '../contract/catalog-pause.ts'
import { artifact, MODEL, newFile, newJob, RECEIPT } from '../contract/samples.ts'
import { freshDatabase } from '../support/database.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let catalog: Catalog
let admin: pg.Client

before(async () => {
  database = await freshDatabase()
  catalog = createCatalog(database.url)
  admin = new pg.Client({ connectionString: database.url })
  await admin.connect()
})
after(async () => {
  await catalog.close()
  await admin.end()
  await database.drop()
})

catalogContract('Postgres', () => catalog)
catalogMovesContract('Postgres', () => catalog)
catalogPauseContract('Postgres', () => catalog)
catalogMetricsContract('Postgres', () => catalog)

describe('catalog on Postgres', () => {
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
    for (let i = 0; i < 5; i++) await catalog.createModel(newFile(`same ${i}`), MODEL)
    await admin.query("UPDATE models SET created_at = '2026-01-01T00:00:00.123Z'")
    const all = (await catalog.models({ limit: 1000 })).items.map((model) => model.id)
    const paged: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await catalog.models({ limit: 2, ...(cursor !== undefined && { cursor }) })
      paged.push(...page.items.map((model) => model.id))
      cursor = page.next
    }
    assert.deepEqual(paged, all)
  })

  test('listing reads an index, not the table', async () => {
    await admin.query('SET enable_seqscan = off')
    const { rows } = await admin.query('EXPLAIN SELECT * FROM jobs WHERE model_id = $1 ORDER BY created_at DESC, id DESC LIMIT 21', ['mdl_x'])
    await admin.query('RESET enable_seqscan')
    const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n')
    assert.match(plan, /jobs_model_id_created_at_id_idx/)
    assert.doesNotMatch(plan, /Sort/)
  })

  test('connections that are cut: with patience every move goes on', async () => {
    const patient = createCatalog(database.url, { patience: 10_000 })
    const { id } = await newJob(patient)
    const cut = async (): Promise<void> => {
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
    }
    const done = new AbortController()
    const cutting = (async () => { while (!done.signal.aborted) { await cut(); await sleep(15) } })()
    try {
      assert.equal((await patient.begin(id, 1, 'w')).begun, true)
      for (let i = 0; i < 40; i++) assert.equal(await patient.progress(id, 1, { stage: 'prune', done: i, total: 40, etaSeconds: null }), true)
      assert.equal(await patient.succeed(id, 1, RECEIPT, [artifact('a')]), true)
    } finally {
      done.abort()
      await cutting
      await patient.close()
    }
    assert.equal((await catalog.job(id))?.state, 'succeeded')
    assert.equal((await catalog.artifacts(id)).length, 1)
  })

  test('without a Postgres: at once unavailable, or after its patience', async () => {
    for (const [patience, least, most] of [[0, 0, 2000], [600, 300, 3000]] as const) {
      const absent = createCatalog('postgresql://nobody@127.0.0.1:1/none', { patience })
      const start = performance.now()
      await assert.rejects(absent.job('job_x'), { code: 'unavailable' })
      const took = performance.now() - start
      assert.ok(took >= least && took < most, `${took} ms`)
      await assert.rejects(absent.ping(), { code: 'unavailable' })
      await assert.rejects(newJob(absent), { code: 'unavailable' })
      await absent.close()
    }
  })
})
