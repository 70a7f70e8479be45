/** An embedded Valkey: on loopback, with a password, every write kept in a log below ESPALIER_HOME. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Redis } from 'ioredis'
import { commandOf, endProcess } from '../processes.ts'
import { serviceState } from './state.ts'
import type { ServiceSpec } from './supervisor.ts'

const STOP_GRACE_MS = 5000
const CONNECT_MS = 1000

export async function embeddedValkey (program: string, home: string): Promise<{ spec: ServiceSpec, url: string }> {
  const folder = path.join(home, 'valkey')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const settings = path.join(folder, 'valkey.conf')
  const pidFile = path.join(folder, 'valkey.pid')
  // Before its port is asked for: two servers on one log would spoil it.
  await endOldServer(pidFile, settings)
  const { port, password } = await serviceState(folder)
  // In a file rather than on the command line, which everybody on the machine can read.
  await writeFile(settings, [
    `port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`, `dir ${JSON.stringify(folder)}`, 'appendonly yes', 'appendfsync everysec', 'save ""',
    'maxmemory-policy noeviction', 'daemonize no', `pidfile ${JSON.stringify(pidFile)}`, 'set-proc-title no', '',
  ].join('\n'), { mode: 0o600 })
  const url = `redis://:${password}@127.0.0.1:${port}`
  return {
    url,
    spec: {
      name: 'Valkey', command: program, args: [settings], env: { LC_ALL: 'C' }, cwd: folder, stopSignal: 'SIGTERM', graceMs: STOP_GRACE_MS, check: async () => { await ping(url) },
    },
  }
}

/** A server of an earlier start that was killed outright may still write to the log: it is asked to end. */
async function endOldServer (pidFile: string, settings: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''))
  if (pid > 0 && (await commandOf(pid)).endsWith(settings)) await endProcess(pid, 'SIGTERM', STOP_GRACE_MS)
}

async function ping (url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: CONNECT_MS, maxRetriesPerRequest: 0, retryStrategy: () => null })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.ping()
  } finally {
    client.disconnect()
  }
}
