/** An embedded Valkey: on loopback, with a password, every write kept in a log below ESPALIER_HOME. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Redis } from 'ioredis'
import { serviceState } from './state.ts'
import type { ServiceSpec } from './supervisor.ts'

const STOP_GRACE_MS = 5000
const CONNECT_MS = 1000

export async function embeddedValkey (program: string, home: string): Promise<{ spec: ServiceSpec, url: string }> {
  const { port, password } = await serviceState(home, 'valkey')
  const folder = path.join(home, 'valkey')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const settings = path.join(folder, 'valkey.conf')
  // In a file rather than on the command line, which everybody on the machine can read.
  await writeFile(settings, [
    `port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`, `dir ${JSON.stringify(folder)}`, 'appendonly yes', 'appendfsync everysec', 'save ""',
    'maxmemory-policy noeviction', 'daemonize no', '',
  ].join('\n'), { mode: 0o600 })
  const url = `redis://:${password}@127.0.0.1:${port}`
  return {
    url,
    spec: {
      name: 'Valkey', command: program, args: [settings], env: { LC_ALL: 'C' }, cwd: folder, stopSignal: 'SIGTERM', graceMs: STOP_GRACE_MS, check: async () => { await ping(url) },
    },
  }
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
