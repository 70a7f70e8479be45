/** Applies the migrations of prisma/ through Prisma's schema engine compiled to WebAssembly: no downloaded program is needed. */
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { EspalierError } from '../../errors.ts'

const FOLDER = fileURLToPath(new URL('../../../prisma/', import.meta.url))

/** Any number, the same in every Espalier: who holds this advisory lock is the one that migrates. */
const LOCK = 7_126_342

/** Brings the database at `databaseUrl` to the newest schema; several processes at once wait for each other. Gives the names of what was applied. */
export async function migrate (databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    if (await isCurrent(client)) return []
    return await apply(databaseUrl)
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException
    throw new EspalierError('unavailable', `the database could not be brought to the newest schema: ${error.message}`, {}, { cause })
  } finally {
    await client.end().catch(() => {})
  }
}

async function migrationNames (): Promise<string[]> {
  return (await readdir(path.join(FOLDER, 'migrations'))).filter((name) => /^\d/.test(name)).sort()
}

const APPLIED = 'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name'

/** The newest step that was applied, and those of this program that were not. A newer program's steps do no harm: they come before it. */
export async function schemaState (ask: (text: string) => Promise<ReadonlyArray<{ readonly migration_name: string }>>): Promise<{ newest: string | null, missing: string[] }> {
  const applied = (await ask(APPLIED)).map((row) => row.migration_name)
  return { newest: applied.at(-1) ?? null, missing: (await migrationNames()).filter((name) => !applied.includes(name)) }
}

/** Loading the schema engine takes longer than one query: most starts find nothing to do. */
async function isCurrent (client: pg.Client): Promise<boolean> {
  return await schemaState(async (text) => (await client.query<{ migration_name: string }>(text)).rows).then(({ missing }) => missing.length === 0, () => false)
}

/** Prisma's adapter cuts scripts at every semicolon, also within a function. As one message Postgres reads them itself, and takes all of a script or nothing. */
class WholeScripts extends PrismaPg {
  override async connect (): Promise<Awaited<ReturnType<PrismaPg['connect']>>> {
    const adapter = await super.connect()
    adapter.executeScript = async (script) => { await adapter.underlyingDriver().query(script) }
    return adapter
  }
}

interface SchemaEngine {
  applyMigrations (request: object): Promise<{ appliedMigrationNames: string[] }>
  free (): void
}

async function apply (databaseUrl: string): Promise<string[]> {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg') as unknown as {
    __wbg_set_wasm (exports: WebAssembly.Exports): void
    SchemaEngine: { new: (options: object, log: (line: string) => void, adapter: unknown) => Promise<SchemaEngine> }
  }
  const program = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm')
  const { instance } = await WebAssembly.instantiate(await readFile(program), { './schema_engine_bg.js': bindings as unknown as WebAssembly.ModuleImports })
  bindings.__wbg_set_wasm(instance.exports)
  ;(instance.exports['__wbindgen_start'] as () => void)()
  const schema = await readFile(path.join(FOLDER, 'schema.prisma'), 'utf8')
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScripts({ connectionString: databaseUrl }))
  const engine = await bindings.SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, adapter)
  const directories = await Promise.all((await migrationNames()).map(async (name) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: await readFile(path.join(FOLDER, 'migrations', name, 'migration.sql'), 'utf8') } },
  })))
  const { appliedMigrationNames } = await engine.applyMigrations({
    migrationsList: {
      baseDir: path.join(FOLDER, 'migrations'), shadowDbInitScript: '', lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' }, migrationDirectories: directories,
    },
    filters: { externalTables: [], externalEnums: [] },
  })
  return appliedMigrationNames
}
