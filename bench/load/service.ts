/** A service of its own for a load: `npm start` with further workers beside the one it has. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { environmentOf, inherited, readConfig } from '../../src/config.ts'
import { startAll } from '../../src/infra/embedded/index.ts'
import { temporaryHome } from '../../test/support/services.ts'

const WORKER = fileURLToPath(new URL('../../src/cli/worker.ts', import.meta.url))

export interface LoadedService {
  readonly url: string
  readonly databaseUrl: string
  readonly apiPid: number
  stop (): Promise<void>
}

/** `workers` at least 1. */
export async function startLoaded (workers: number, log: (line: string) => void): Promise<LoadedService> {
  const { databaseUrl: _database, redisUrl: _redis, apiKey: _key, ...config } = readConfig()
  const home = await temporaryHome()
  // Without a limit of rate: all of the load comes from one address.
  const service = await startAll({ ...config, home, host: '127.0.0.1', port: 0, logLevel: 'error', rateLimit: 0 }, { log })
  const { databaseUrl, redisUrl, url } = service
  const env = { ...inherited, ...environmentOf({ ...config, home, databaseUrl, redisUrl, logLevel: 'error', setupDone: true }) }
  // Each in a session of its own, as `npm start` has its own.
  const more: ChildProcess[] = Array.from({ length: workers - 1 }, () => spawn(process.execPath, ['--import', 'tsx', WORKER], { env, stdio: ['ignore', 'ignore', 'inherit'], detached: true }))
  const { api } = service.pids()
  if (api === undefined) throw new Error('the API has no process')
  return {
    url,
    databaseUrl,
    apiPid: api,
    async stop () {
      await Promise.all(more.map(async (worker) => {
        if (worker.exitCode !== null || worker.signalCode !== null) return
        worker.kill('SIGTERM')
        await once(worker, 'exit')
      }))
      await service.stop()
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
