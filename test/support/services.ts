/** A Postgres and a Valkey for tests, in a folder of their own; the caches that setup filled are shared. */
import { chmod, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readConfig } from '../../src/config.ts'
import { startServices, type StartOptions } from '../../src/infra/embedded/index.ts'

export interface TestServices {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly home: string
  /** Ends them and removes the folder unless it is to be kept. */
  stop (options?: { keep?: boolean }): Promise<void>
}

/** A folder for ESPALIER_HOME, below `parent`, that shares the cache of the usual one. Postgres' own account may enter it, which root's temporary folders forbid. */
export async function temporaryHome (parent = tmpdir()): Promise<string> {
  const cache = path.join(readConfig().home, 'cache')
  await mkdir(cache, { recursive: true })
  const home = await mkdtemp(path.join(parent, 'espalier-test-'))
  await chmod(home, 0o711)
  await symlink(cache, path.join(home, 'cache'))
  return home
}

/** Of its own in any case, whatever DATABASE_URL and REDIS_URL say: tests make and drop databases. */
export async function startTestServices (options: StartOptions = {}): Promise<TestServices> {
  const home = await temporaryHome()
  const { databaseUrl: _database, redisUrl: _redis, ...config } = readConfig()
  const services = await startServices({ ...config, home }, options)
  return {
    databaseUrl: services.databaseUrl,
    redisUrl: services.redisUrl,
    home,
    async stop ({ keep = false } = {}) {
      await services.stop()
      if (!keep) await rm(home, { recursive: true, force: true })
    },
  }
}
