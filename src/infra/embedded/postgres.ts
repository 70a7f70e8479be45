/** An embedded Postgres: made once below ESPALIER_HOME, on loopback, with a password. */
import { execFile } from 'node:child_process'
import { access, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { EspalierError } from '../../errors.ts'
import { commandOf, endProcess } from '../processes.ts'
import type { PostgresPrograms } from '../setup/postgres.ts'
import { dataFolder, giveTo, postgresAccount, reachablePrograms, type Account } from './account.ts'
import { lastState, serviceState, type ServiceState } from './state.ts'
import type { ServiceSpec } from './supervisor.ts'

const USER = 'espalier'
const STOP_GRACE_MS = 10_000
const CONNECT_MS = 2000

/** `log` is told when the data cannot lie below `home`. */
export async function embeddedPostgres (found: PostgresPrograms, home: string, log: (line: string) => void): Promise<{ spec: ServiceSpec, url: string }> {
  const account = await postgresAccount()
  const programs = await reachablePrograms(found, account)
  const folder = await dataFolder(home, account)
  if (!folder.startsWith(home)) log(`Postgres may not run as root and its own account may not enter ${home}: its data lies in ${folder}`)
  const data = path.join(folder, 'data')
  await giveTo(folder, account)
  // Before its port is asked for, so that the port stays the same.
  await endOldServer(data)
  const state = await serviceState(folder)
  const { port, password } = state
  if (!await access(path.join(data, 'PG_VERSION')).then(() => true, () => false)) await createCluster(programs, folder, data, password, account)
  const url = urlOf(state)
  const spec: ServiceSpec = {
    name: 'Postgres',
    command: programs.postgres,
    args: ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200', '-c', 'max_wal_size=2GB', '-c', 'jit=off'],
    env: { LC_ALL: 'C', TZ: 'UTC' },
    cwd: folder,
    stopSignal: 'SIGINT', // "fast": rolls open transactions back and writes a checkpoint
    graceMs: STOP_GRACE_MS,
    ...(account !== undefined && account),
    beforeStart: async () => { await endOldServer(data) },
    check: async () => { await connect(url) },
  }
  return { spec, url }
}

/** The address of the embedded Postgres of a running Espalier; undefined when none answers. */
export async function runningPostgres (home: string): Promise<string | undefined> {
  const state = await lastState(await dataFolder(home, await postgresAccount()))
  if (state === undefined) return undefined
  const url = urlOf(state)
  return await connect(url).then(() => url, () => undefined)
}

function urlOf ({ port, password }: ServiceState): string {
  return `postgresql://${USER}:${password}@127.0.0.1:${port}/postgres`
}

/** Made aside and renamed: a cluster is there whole or not at all. */
async function createCluster (programs: PostgresPrograms, folder: string, data: string, password: string, account: Account | undefined): Promise<void> {
  const fresh = `${data}.new`
  await rm(fresh, { recursive: true, force: true })
  const secret = path.join(folder, `.password-${process.pid}`)
  await writeFile(secret, password, { mode: 0o600 })
  try {
    if (account !== undefined) await promisify(execFile)('chown', [`${account.uid}:${account.gid}`, secret])
    await promisify(execFile)(programs.initdb, [
      '-D', fresh, '-U', USER, '--auth=scram-sha-256', `--pwfile=${secret}`, '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions',
    ], { cwd: folder, env: { LC_ALL: 'C', TZ: 'UTC', TMPDIR: tmpdir() }, ...(account !== undefined && account) })
    await rename(fresh, data)
  } catch (cause) {
    const text = (cause as { stderr?: string }).stderr ?? String(cause)
    throw new EspalierError('setup-failed', `Postgres could not make its files in ${folder}: ${text.trim()}`, {}, { cause })
  } finally {
    await rm(secret, { force: true })
  }
}

/** A server of an earlier start that was killed outright may still hold the folder: it is asked to end. */
async function endOldServer (data: string): Promise<void> {
  const file = path.join(data, 'postmaster.pid')
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0])
  if (pid > 0 && (await commandOf(pid)).includes(`-D ${data}`)) await endProcess(pid, 'SIGINT', STOP_GRACE_MS)
}

async function connect (url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end().catch(() => {})
  }
}
