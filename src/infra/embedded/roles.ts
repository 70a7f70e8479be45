/** How the two roles are started as processes of their own. */
import { fileURLToPath } from 'node:url'
import type { ServiceSpec } from './supervisor.ts'

/** Longer than a worker waits for its running jobs before it gives them back to the queue. */
const GRACE_MS = 12_000
const CHECK_MS = 2000

type RoleEnvironment = Readonly<Record<string, string | undefined>>

/** Serves when /readyz at `url` says so. */
export function apiRole (env: RoleEnvironment, url: string): ServiceSpec {
  return role('api', env, async () => {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(CHECK_MS) })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`${url}/readyz says ${response.status}`)
  })
}

/** Counts as serving once it runs: it takes jobs from the queue, nobody asks it for anything. */
export function workerRole (env: RoleEnvironment): ServiceSpec {
  return role('worker', env, async () => {})
}

function role (name: 'api' | 'worker', env: RoleEnvironment, check: () => Promise<void>): ServiceSpec {
  const entry = fileURLToPath(new URL(`../../cli/${name}.ts`, import.meta.url))
  return { name, command: process.execPath, args: ['--import', import.meta.resolve('tsx'), entry], env, stopSignal: 'SIGTERM', graceMs: GRACE_MS, ipc: true, check }
}
