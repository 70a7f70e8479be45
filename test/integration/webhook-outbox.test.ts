/** Webhooks on Postgres: the contract, and what only the database can show: transactions, and the age of rows. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type pg from 'pg'
import type { Catalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { catalogWebhooksContract } from '../contract/catalog-webhooks.ts'
import { newJob, WEBHOOK } from '../contract/samples.ts'
import { openCatalog, type CatalogOnDatabase } from '../support/catalog.ts'

let database: CatalogOnDatabase
let catalog: Catalog
let admin: pg.Client

before(async () => {
  database = await openCatalog()
  ;({ catalog, admin } = database)
})
after(async () => { await database.close() })

catalogWebhooksContract('Postgres', () => catalog)

describe('webhooks on Postgres', () => {
  const count = async (webhook: string): Promise<number> => (await catalog.of(FIRST_TENANT).deliveries(webhook, { limit: 100 }))?.items.length ?? -1

  test('what is rolled back is not told', async () => {
    const webhook = await catalog.of(FIRST_TENANT).createWebhook(WEBHOOK, 20)
    const { id } = await newJob(catalog)
    await admin.query('BEGIN')
    await admin.query("UPDATE jobs SET state = 'failed' WHERE id = $1", [id])
    assert.equal((await admin.query('SELECT 1 FROM webhook_deliveries WHERE webhook_id = $1', [webhook.id])).rowCount, 2)
    await admin.query('ROLLBACK')
    assert.equal(await count(webhook.id), 1)
  })

  test('a job that moves while its webhook is deleted waits and moves', async () => {
    const webhook = await catalog.of(FIRST_TENANT).createWebhook(WEBHOOK, 20)
    const { id } = await newJob(catalog)
    await admin.query('BEGIN')
    await admin.query('DELETE FROM webhooks WHERE id = $1', [webhook.id])
    const failing = catalog.fail(id, 1, { code: 'internal', message: 'broke' })
    await admin.query('SELECT pg_sleep(0.1)')
    await admin.query('COMMIT')
    assert.equal(await failing, true)
    assert.equal(await count(webhook.id), -1)
  })

  test('a job moves while deliveries are being taken', async () => {
    const webhook = await catalog.of(FIRST_TENANT).createWebhook(WEBHOOK, 20)
    const { id } = await newJob(catalog)
    await admin.query('BEGIN')
    await admin.query('SELECT 1 FROM webhooks WHERE id = $1 FOR NO KEY UPDATE', [webhook.id])
    assert.equal(await catalog.fail(id, 1, { code: 'internal', message: 'broke' }), true)
    assert.deepEqual(await catalog.claimDeliveries([webhook.id], 1000), [], 'what another one has locked is left to it')
    await admin.query('COMMIT')
    assert.equal((await catalog.claimDeliveries([webhook.id], 1000)).length, 1)
  })

  test('deliveries older than 30 days are dropped', async () => {
    const webhook = await catalog.of(FIRST_TENANT).createWebhook(WEBHOOK, 20)
    for (let i = 0; i < 3; i++) await catalog.of(FIRST_TENANT).pingWebhook(webhook.id)
    const aged = await admin.query("UPDATE webhook_deliveries SET created_at = now() - interval '31 days' WHERE id IN (SELECT id FROM webhook_deliveries WHERE webhook_id = $1 LIMIT 2)", [webhook.id])
    assert.equal(aged.rowCount, 2)
    assert.equal(await catalog.sweepDeliveries(), 2)
    assert.equal(await count(webhook.id), 1)
  })

  test('looking for what is due reads indexes, not the table of deliveries', async () => {
    await admin.query('SET enable_seqscan = off')
    const { rows } = await admin.query("EXPLAIN SELECT id FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'pending' AND next_at <= clock_timestamp() ORDER BY next_at, sequence LIMIT 1", ['whk_x'])
    await admin.query('RESET enable_seqscan')
    const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n')
    assert.match(plan, /webhook_deliveries_webhook_id_state_next_at_sequence_idx/)
    assert.doesNotMatch(plan, /Sort/)
  })
})
