/** How the two roles are started as processes of their own. */
import { fileURLToPath } from 'node:url'
import type { ServiceSpec } from './supervisor.ts'

/** What a role takes to end once its work is done or given back. */
const GRACE_MS = 4000
const API_GRACE_MS = 12_000
const CHECK_MS = 2000

type RoleEnvironment = Readonly<Record<string, string | undefined>>

/** Serves when /readyz at `url` says so. */
export function apiRole (env: RoleEnvironment, url: string): ServiceSpec {
  return role('api', env, API_GRACE_MS, async () => {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(CHECK_MS) })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`${url}/readyz says ${response.status}`)
  })
}

/** Counts as serving once it runs: it takes jobs from the queue, nobody asks it for anything. */
export function workerRole (env: RoleEnvironment, drainSeconds: number): ServiceSpec {
  return role('worker', env, 1000 * drainSeconds + GRACE_MS, async () => {})
}

function role (name: 'api' | 'worker', env: RoleEnvironment, graceMs: number, check: () => Promise<void>): ServiceSpec {
  const entry = fileURLToPath(new URL(`../../cli/${name}.ts`, import.meta.url))
  return { name, command: process.execPath, args: ['--import', import.meta.resolve('tsx'), entry], env, stopSignal: 'SIGTERM', graceMs, ipc: true, check }
}
