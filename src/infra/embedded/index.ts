/** Everything on one machine: the services that no address names, and the two roles, supervised together. */
import path from 'node:path'
import { environmentOf, inherited, type Config } from '../../config.ts'
import { EspalierError } from '../../errors.ts'
import { migrate } from '../postgres/migrate.ts'
import { setup, type SetupResult } from '../setup/index.ts'
import { makeFirstKey } from './first-key.ts'
import { releaseLock, takeLock } from '../setup/lock.ts'
import type { Progress } from '../setup/progress.ts'
import { freePort, isFree } from './ports.ts'
import { embeddedPostgres } from './postgres.ts'
import { apiRole, workerRole } from './roles.ts'
import { supervise, type ServiceSpec, type Supervised } from './supervisor.ts'
import { embeddedValkey } from './valkey.ts'
import { startWatchdog, type Watchdog } from './watchdog.ts'

export interface Services {
  readonly databaseUrl: string
  readonly redisUrl: string
  /** Process ids of those that run here now: postgres, valkey, api, worker. */
  pids (): Record<string, number | undefined>
  stop (): Promise<void>
}

export interface Running extends Services {
  readonly url: string
}

export interface StartOptions {
  /** Is told of restarts. */
  readonly log?: (line: string) => void
  /** Is told what the roles print; absent: `log` is. */
  readonly output?: (line: string) => void
  readonly progress?: Progress
  /** Is told the first key of the service, which is made when it is started without any for the first time. Absent: none is made. */
  readonly onFirstKey?: (key: string) => void
}

type Undo = () => Promise<void>

/** Setup, then the services that `config` names no address for, with the database at the newest schema. Throws `conflict` when they run already. */
export async function startServices (config: Config, { log = () => {}, progress }: StartOptions = {}): Promise<Services> {
  const found = await setup({ config, ...(progress && { progress }) })
  return await undoable(async (undo) => await services(config, found, log, undo))
}

/**
 * Setup, services, API and worker; resolves when /readyz says so. Throws `invalid-configuration` when the port is taken, and `conflict` when the
 * services of this ESPALIER_HOME run already.
 */
export async function startAll (config: Config, { log = () => {}, output = log, progress, onFirstKey }: StartOptions = {}): Promise<Running> {
  const { host } = config
  if (config.port !== 0 && !await isFree(host, config.port)) {
    throw new EspalierError('invalid-configuration', `PORT ${config.port} of ${host} is taken by another program; set PORT to a free one, or to 0 for any`, { host, port: config.port })
  }
  const found = await setup({ config, ...(progress && { progress }) })
  return await undoable(async (undo) => {
    const { databaseUrl, redisUrl, pids } = await services(config, found, log, undo)
    if (onFirstKey !== undefined && config.apiKey === undefined) await makeFirstKey(databaseUrl, onFirstKey)
    const port = config.port === 0 ? await freePort() : config.port
    const url = `http://${reachable(host)}:${port}`
    const env = { ...inherited, ...environmentOf({ ...config, port, databaseUrl, redisUrl, setupDone: true }) }
    const begin = beginner(log, undo, output)
    const roles = [begin(apiRole(env, url)), begin(workerRole(env, config.drainSeconds))]
    await Promise.all(roles.map(async ({ ready }) => { await ready }))
    return { databaseUrl, redisUrl, url, pids: () => ({ ...pids(), ...idsOf(roles) }) }
  })
}

async function services (config: Config, { postgres, valkey }: SetupResult, log: (line: string) => void, undo: Undo[]): Promise<Omit<Services, 'stop'>> {
  if (postgres !== undefined || valkey !== undefined) await claim(config.home, undo)
  const begin = beginner(log, undo)
  const running: Supervised[] = []
  let { databaseUrl = '', redisUrl = '' } = config
  if (postgres !== undefined) {
    const { spec, url } = await embeddedPostgres(postgres, config.home, log)
    running.push(begin(spec))
    databaseUrl = url
  }
  if (valkey !== undefined) {
    const { spec, url } = await embeddedValkey(valkey, config.home)
    running.push(begin(spec))
    redisUrl = url
  }
  await Promise.all(running.map(async ({ ready }) => { await ready }))
  await migrate(databaseUrl)
  return { databaseUrl, redisUrl, pids: () => idsOf(running) }
}

/** One `npm start` at a time on a home: a second one would end the servers of the first, taking them for left over. */
async function claim (home: string, undo: Undo[]): Promise<void> {
  const file = path.join(home, 'run.lock')
  const holder = await takeLock(file)
  if (holder !== undefined) {
    throw new EspalierError('conflict', `Espalier runs already with its data in ${home} (process ${holder.pid}); stop it, or set ESPALIER_HOME to another folder`, { home, pid: holder.pid })
  }
  undo.push(async () => { await releaseLock(file) })
}

/** Supervises processes under one watchdog, which lives as long as what it watches. */
function beginner (log: (line: string) => void, undo: Undo[], output = log): (spec: ServiceSpec) => Supervised {
  let watchdog: Watchdog | undefined
  return (spec) => {
    if (watchdog === undefined) {
      const started = startWatchdog()
      watchdog = started
      undo.push(async () => { started.close() })
    }
    const { add, remove } = watchdog
    const supervised = supervise(spec, { log, output, onStart: (pid) => { add(pid, spec.stopSignal) }, onEnd: remove })
    undo.push(async () => { await supervised.stop() })
    return supervised
  }
}

/** Gives what `begin` started a `stop` that takes it down in reverse order; does so at once when `begin` fails half-way. */
async function undoable<T extends object> (begin: (undo: Undo[]) => Promise<T>): Promise<T & { stop (): Promise<void> }> {
  const undo: Undo[] = []
  const stop = async (): Promise<void> => {
    for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last()
  }
  try {
    return { ...await begin(undo), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function idsOf (running: readonly Supervised[]): Record<string, number | undefined> {
  return Object.fromEntries(running.map(({ name, pid }) => [name.toLowerCase(), pid]))
}

/** A server that listens everywhere is asked on loopback. */
function reachable (host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
