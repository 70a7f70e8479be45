/** `npm run keys -- create | list | revoke`: the keys of the API, for whoever runs the service; straight on the database, so that it needs no key. */
import { parseArgs } from 'node:util'
import { readConfig } from '../config.ts'
import { EspalierError } from '../errors.ts'
import { startServices } from '../infra/embedded/index.ts'
import { runningPostgres } from '../infra/embedded/postgres.ts'
import { migrate } from '../infra/postgres/migrate.ts'
import { setup } from '../infra/setup/index.ts'
import type { Catalog } from '../jobs/ports.ts'
import { isScope, SCOPE_NAMES, type Scope } from '../jobs/scopes.ts'
import type { TenantRow } from '../jobs/tenant-ports.ts'
import { FIRST_TENANT } from '../jobs/tenants.ts'
import { report } from './report.ts'
import { table } from './table.ts'

const USAGE = `npm run keys -- create --name NAME --scopes ${SCOPE_NAMES.join(',')} [--days N] [--tenant ID or NAME] | list [--tenant ...] | revoke ID [--tenant ...]`
const DAY_MS = 86_400_000
const AT_ONCE = 100

function wrong (why: string): EspalierError {
  return new EspalierError('invalid-request', `${why}; usage: ${USAGE}`)
}

async function tenantNamed (catalog: Catalog, name: string): Promise<TenantRow> {
  for (let cursor: string | null | undefined; cursor !== null;) {
    const { items, next } = await catalog.tenants({ limit: AT_ONCE, ...(cursor !== undefined && { cursor }) })
    const found = items.find((tenant) => tenant.id === name || tenant.name === name)
    if (found !== undefined) return found
    cursor = next
  }
  throw new EspalierError('not-found', `there is no tenant ${name}`)
}

function scopesOf (text: string | undefined): Scope[] {
  const names = (text ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
  const unknown = names.filter((name) => !isScope(name))
  if (names.length === 0 || unknown.length > 0) throw wrong(unknown.length > 0 ? `--scopes has ${unknown.join(', ')}` : '--scopes is needed')
  return [...new Set(names as Scope[])]
}

function expiryIn (days: string | undefined): Date | null {
  if (days === undefined) return null
  if (!/^[1-9]\d{0,4}$/.test(days)) throw wrong(`--days is "${days}", not a number of days`)
  return new Date(Date.now() + Number(days) * DAY_MS)
}

async function act (catalog: Catalog, args: readonly string[]): Promise<void> {
  const { positionals: [command, id], values: { name, scopes, days, tenant } } = parse(args)
  const of = tenant === undefined ? FIRST_TENANT : (await tenantNamed(catalog, tenant)).id
  const mine = catalog.of(of)
  if (command === 'create') {
    if (name === undefined || name.trim() === '') throw wrong('--name is needed')
    const { row, key } = await mine.createKey({ name, scopes: scopesOf(scopes), expiresAt: expiryIn(days) })
    console.error(`${row.id} of tenant ${of} with ${row.scopes.join(', ')}${row.expiresAt === null ? '' : ` until ${row.expiresAt.toISOString()}`}; the key is told this once:`)
    console.log(key)
  } else if (command === 'list') {
    const { items } = await mine.keys({ limit: AT_ONCE })
    const day = (at: Date | null): string => at?.toISOString().slice(0, 16) ?? '-'
    console.log(table([['id', 'name', 'ends in', 'scopes', 'made', 'expires', 'used', 'revoked'], ...items.map((key) => [key.id, key.name, key.hint, key.scopes.join(','), day(key.createdAt), day(key.expiresAt), day(key.lastUsedAt), day(key.revokedAt)])]))
  } else if (command === 'revoke' && id !== undefined) {
    if (!await mine.revokeKey(id)) throw new EspalierError('not-found', `there is no key ${id}`)
    console.log(`${id} is revoked`)
  } else {
    throw wrong('what is to be done?')
  }
}

function parse (args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { name: text, scopes: text, days: text, tenant: text } })
  } catch (error) {
    throw wrong((error as Error).message)
  }
}

try {
  const config = readConfig()
  const running = config.databaseUrl ?? await runningPostgres(config.home)
  const services = running === undefined ? await startServices(config) : undefined
  try {
    // A database that others serve may be older than this program; the client is there once this was set up.
    if (config.databaseUrl !== undefined && !config.setupDone) await setup({ config })
    if (running !== undefined) await migrate(running)
    const { createCatalog } = await import('../infra/postgres/catalog.ts')
    const catalog = createCatalog(running ?? services!.databaseUrl)
    try {
      await act(catalog, process.argv.slice(2))
    } finally {
      await catalog.close()
    }
  } finally {
    await services?.stop()
  }
} catch (error) {
  report(error)
}
