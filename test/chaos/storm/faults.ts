/** What may happen to a service: any of its processes killed outright, the queue's data lost, the disk full. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { ROLES, type Role, type Service } from '../service.ts'
import type { SmallDisk } from './disk.ts'

export interface Faults {
  /** How often each happened. */
  readonly counts: Readonly<Record<string, number>>
  /** No further ones; resolves when the last is over. */
  stop (): Promise<void>
}

const PAUSE_MS = { least: 3000, most: 9000 } as const
const FULL_MS = 6000

export interface Storm { readonly service: Service, readonly disk: SmallDisk | null, readonly minutes: number, readonly log: (line: string) => void }

/** Kills at random; at a third of the time the queue loses its data, at two thirds the disk is full for a moment. */
export function startFaults ({ service, disk, minutes, log }: Storm): Faults {
  const counts: Record<string, number> = {}
  const count = (what: string): void => { counts[what] = (counts[what] ?? 0) + 1; log(what) }
  const stopped = new AbortController()
  const begun = Date.now()
  const share = (): number => (Date.now() - begun) / (minutes * 60_000)
  const roles = Object.keys(ROLES) as Role[]
  let [wiped, filled] = [false, disk === null]

  async function next (): Promise<void> {
    if (!wiped && share() > 1 / 3) {
      wiped = true
      await wipeQueue(service.home)
      return count('queue wiped')
    }
    if (!filled && disk !== null && share() > 2 / 3) {
      filled = true
      const bytes = await disk.fill()
      count('disk full')
      log(`${Math.round(bytes / 2 ** 20)} MB were left`)
      await sleep(FULL_MS)
      return disk.free()
    }
    const role = roles[Math.floor(Math.random() * roles.length)]!
    if (service.kill(role).length > 0) count(`kill -9 ${role}`)
  }

  const running = (async () => {
    while (!stopped.signal.aborted) {
      await next().catch((error: Error) => { log(`a fault did not happen: ${error.message}`) })
      await sleep(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least), undefined, { signal: stopped.signal }).catch(() => {})
    }
  })()
  return {
    counts,
    async stop () {
      stopped.abort()
      await running
    },
  }
}

/** All that Valkey holds is gone, as after the loss of its disk. */
async function wipeQueue (home: string): Promise<void> {
  const { port, password } = JSON.parse(await readFile(path.join(home, 'valkey/service.json'), 'utf8')) as { port: number, password: string }
  const client = new Redis({ host: '127.0.0.1', port, password, maxRetriesPerRequest: 50, retryStrategy: () => 200 })
  client.on('error', () => {})
  try { await client.flushall() } finally { client.disconnect() }
}
