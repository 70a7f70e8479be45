/** How far events may be read in order: open transactions of this database hold it up, those of others on the same server do not. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import { newJob } from '../contract/samples.ts'
import { openCatalog, type CatalogOnDatabase } from '../support/catalog.ts'
import { freshDatabase } from '../support/database.ts'

const SOON_MS = 5000

describe('the order of events', () => {
  let database: CatalogOnDatabase
  let other: Awaited<ReturnType<typeof freshDatabase>>
  let elsewhere: pg.Client
  before(async () => {
    ;[database, other] = [await openCatalog(), await freshDatabase()]
    elsewhere = new pg.Client({ connectionString: other.url })
    await elsewhere.connect()
  })
  after(async () => {
    await elsewhere.end()
    await other.drop()
    await database.close()
  })

  /** An open transaction that has written something. */
  const beginIn = async (client: pg.Client, name: string): Promise<void> => {
    await client.query('BEGIN')
    await client.query('INSERT INTO tenants (id, name) VALUES ($1, $1)', [name])
  }

  test('a transaction in another database, however long, holds up nothing, also for a user with few rights', async () => {
    const { catalog, admin, url } = database
    await newJob(catalog)
    await beginIn(elsewhere, 'long')
    const { rows: [newest] } = await admin.query<{ id: string }>('SELECT max(id) AS id FROM job_events')
    assert.equal(await catalog.settledEvents(AbortSignal.timeout(SOON_MS)), Number(newest!.id))
    await admin.query("CREATE ROLE \"few rights\" LOGIN PASSWORD 'few'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO \"few rights\"")
    const few = createCatalog(Object.assign(new URL(url), { username: 'few rights', password: 'few' }).href)
    try {
      assert.equal(await few.settledEvents(AbortSignal.timeout(SOON_MS)), Number(newest!.id))
    } finally {
      await few.close()
      await elsewhere.query('ROLLBACK')
      await admin.query('DROP OWNED BY "few rights"; DROP ROLE "few rights"')
    }
  })

  test('one in this database does until it ends, whatever is open elsewhere', async () => {
    const { catalog, url } = database
    const here = new pg.Client({ connectionString: url })
    await here.connect()
    try {
      await beginIn(elsewhere, 'long')
      await beginIn(here, 'short')
      let settled = false
      const asked = catalog.settledEvents(AbortSignal.timeout(60_000)).then(() => { settled = true })
      await sleep(700)
      assert.equal(settled, false)
      await here.query('COMMIT')
      await Promise.race([asked, sleep(SOON_MS, undefined, { ref: false })])
      assert.equal(settled, true)
    } finally {
      await here.end()
      await elsewhere.query('ROLLBACK')
    }
  })
})
