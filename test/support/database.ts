/** A database of its own for a test file, at the newest schema. */
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { migrate } from '../../src/infra/postgres/migrate.ts'
import { addresses } from './addresses.ts'

/** Any number, the same in every test: who holds this advisory lock makes the template. */
const TEMPLATE_LOCK = 7_126_343

/** `drop` leaves the database alone when a run of all tests will throw its whole server away, or keep it for a look after a failure. */
export async function freshDatabase (): Promise<{ url: string, drop: () => Promise<void> }> {
  const name = `${baseName()}_${randomBytes(4).toString('hex')}`
  await onServer(async (client) => {
    const template = await templateOf(client)
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)} TEMPLATE ${template}`)
  })
  return {
    url: urlOf(name),
    async drop () {
      if (process.env['ESPALIER_TEST_RUN'] !== undefined) return
      await onServer(async (client) => { await client.query(`DROP DATABASE ${client.escapeIdentifier(name)} WITH (FORCE)`) })
    },
  }
}

/** Migrated once for each state of the migrations; a copy of it takes a tenth of the time. */
async function templateOf (client: pg.Client): Promise<string> {
  const folder = new URL('../../prisma/migrations/', import.meta.url)
  const hash = createHash('sha256')
  for (const step of readdirSync(folder).filter((entry) => /^\d/.test(entry)).sort()) hash.update(step).update(readFileSync(new URL(`${step}/migration.sql`, folder)))
  const template = `template_${hash.digest('hex').slice(0, 12)}`
  await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK])
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template])
  if (rowCount === 0) {
    const unfinished = `${template}_new`
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${unfinished}`)
    await migrate(urlOf(unfinished))
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [unfinished])
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`)
  }
  await client.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK])
  return template
}

/** Tells which test file a database that was kept belongs to. */
function baseName (): string {
  return path.basename(process.argv[1] ?? '').replace(/\.test\.ts$/, '').replace(/[^a-z0-9]+/gi, '_').toLowerCase().slice(0, 40) || 'test'
}

function urlOf (database: string): string {
  return Object.assign(new URL(addresses.databaseUrl), { pathname: `/${database}` }).href
}

async function onServer (work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: addresses.databaseUrl })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
