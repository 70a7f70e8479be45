/** Everything on one machine: the services that no address names, and the two roles, supervised together. */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { inherited, type Config } from '../../config.ts'
import { migrate } from '../postgres/migrate.ts'
import { setup, type SetupResult } from '../setup/index.ts'
import type { Progress } from '../setup/progress.ts'
import { freePort } from './ports.ts'
import { embeddedPostgres } from './postgres.ts'
import { supervise, type ServiceSpec, type Supervised } from './supervisor.ts'
import { embeddedValkey } from './valkey.ts'
import { startWatchdog, type Watchdog } from './watchdog.ts'

export interface Services {
  readonly databaseUrl: string
  readonly redisUrl: string
  /** Process ids of those that run here now. */
  pids (): Record<string, number | undefined>
  stop (): Promise<void>
}

export interface Running extends Services {
  readonly url: string
}

export interface StartOptions {
  readonly log?: (line: string) => void
  readonly progress?: Progress
}

const ROLE_GRACE_MS = 12_000
const ENTRY = { api: fileURLToPath(new URL('../../cli/api.ts', import.meta.url)), worker: fileURLToPath(new URL('../../cli/worker.ts', import.meta.url)) }

/** Starts what `config` names no address for and migrates the database. */
export async function startServices (config: Config, found: SetupResult, { log = () => {} }: StartOptions = {}): Promise<Services> {
  return await withWatchdog(async (watchdog) => await services(config, found, log, watchdog))
}

/** Setup, services, API and worker; resolves when /readyz says so. */
export async function startAll (config: Config, { log = () => {}, progress }: StartOptions = {}): Promise<Running> {
  const found = await setup({ config, ...(progress && { progress }) })
  return await withWatchdog(async (watchdog) => {
    const base = await services(config, found, log, watchdog)
    const roles: Supervised[] = []
    const stop = async (): Promise<void> => {
      await Promise.all(roles.map(async (role) => { await role.stop() }))
      await base.stop()
    }
    try {
      const port = config.port === 0 ? await freePort() : config.port
      const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`
      const env = {
        ...inherited, HOST: config.host, PORT: String(port), DATABASE_URL: base.databaseUrl, REDIS_URL: base.redisUrl, ESPALIER_HOME: config.home, ESPALIER_SETUP: 'skip',
        ESPALIER_LOG: config.logLevel,
      }
      roles.push(start(role('api', env, async () => { await answers(`${url}/readyz`) }), log, watchdog))
      roles.push(start(role('worker', env, async () => {}), log, watchdog))
      await Promise.all(roles.map(async ({ ready }) => { await ready }))
      const all = (): Record<string, number | undefined> => ({ ...base.pids(), ...Object.fromEntries(roles.map(({ name, pid }) => [name, pid])) })
      return { ...base, url, pids: all, stop }
    } catch (error) {
      await stop()
      throw error
    }
  })
}

/** The watchdog lives as long as what it watches. */
async function withWatchdog<T extends { stop (): Promise<void> }> (begin: (watchdog: Watchdog) => Promise<T>): Promise<T> {
  const watchdog = startWatchdog()
  try {
    const running = await begin(watchdog)
    return {
      ...running,
      async stop () {
        await running.stop()
        watchdog.close()
      },
    }
  } catch (error) {
    watchdog.close()
    throw error
  }
}

async function services (config: Config, { postgres, valkey }: SetupResult, log: (line: string) => void, watchdog: Watchdog): Promise<Services> {
  const running: Supervised[] = []
  const stop = async (): Promise<void> => { await Promise.all(running.map(async (service) => { await service.stop() })) }
  try {
    await mkdir(config.home, { recursive: true })
    let { databaseUrl, redisUrl } = config
    if (databaseUrl === undefined && postgres !== undefined) {
      const { spec, url } = await embeddedPostgres(postgres, config.home)
      running.push(start(spec, log, watchdog))
      databaseUrl = url
    }
    if (redisUrl === undefined && valkey !== undefined) {
      const { spec, url } = await embeddedValkey(valkey, config.home)
      running.push(start(spec, log, watchdog))
      redisUrl = url
    }
    await Promise.all(running.map(async ({ ready }) => { await ready }))
    await migrate(databaseUrl ?? '')
    const pids = (): Record<string, number | undefined> => Object.fromEntries(running.map(({ name, pid }) => [name.toLowerCase(), pid]))
    return { databaseUrl: databaseUrl ?? '', redisUrl: redisUrl ?? '', pids, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function start (spec: ServiceSpec, log: (line: string) => void, watchdog: Watchdog): Supervised {
  return supervise(spec, { log, onStart: (pid) => { watchdog.add(pid, spec.ipc === true ? 'SIGTERM' : spec.stopSignal) } })
}

function role (name: 'api' | 'worker', env: Record<string, string | undefined>, check: () => Promise<void>): ServiceSpec {
  return { name, command: process.execPath, args: ['--import', import.meta.resolve('tsx'), ENTRY[name]], env, stopSignal: 'SIGTERM', graceMs: ROLE_GRACE_MS, ipc: true, check }
}

async function answers (url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`${url} says ${response.status}`)
}
