/** Whether everything answers that the API needs, told within a time limit also when something hangs. */
import { within } from './within.ts'

export const DEPENDENCIES = ['postgres', 'valkey', 'blobs', 'schema'] as const
export type Dependency = typeof DEPENDENCIES[number]

/** `unknown`: what it would be asked through is down itself. */
export type DependencyState = 'up' | 'down' | 'unknown'
export interface Check { readonly state: DependencyState, readonly latencyMs: number | null }

/** Rejects with the reason, for the log, when it does not answer as it should. */
export type Probe = () => Promise<void>

/** Below what load balancers and supervisors commonly wait for. */
const PATIENCE_MS = 1500

export interface Readiness {
  /** Every dependency with its state; `onTrouble` is told the reason of each that is down. */
  check (onTrouble: (dependency: Dependency, reason: string) => void): Promise<Record<Dependency, Check>>
}

/** A probe that still waits for its answer is not asked again: checks do not pile up on what hangs. */
export function createReadiness (probes: Readonly<Record<Dependency, Probe>>, patienceMs = PATIENCE_MS): Readiness {
  const asking = new Map<Dependency, Promise<void>>()

  function ask (dependency: Dependency): Promise<void> {
    const asked = asking.get(dependency) ?? probes[dependency]().finally(() => { asking.delete(dependency) })
    asking.set(dependency, asked)
    return asked
  }

  async function look (dependency: Dependency, onTrouble: (dependency: Dependency, reason: string) => void): Promise<Check> {
    const begin = performance.now()
    try {
      await within(patienceMs, ask(dependency))
      return { state: 'up', latencyMs: Math.round((performance.now() - begin) * 10) / 10 }
    } catch (error) {
      onTrouble(dependency, error instanceof Error ? error.message.split('\n')[0]! : String(error))
      return { state: 'down', latencyMs: null }
    }
  }

  return {
    async check (onTrouble) {
      const found = await Promise.all(DEPENDENCIES.map(async (dependency) => [dependency, await look(dependency, onTrouble)] as const))
      const checks = Object.fromEntries(found) as Record<Dependency, Check>
      return checks.postgres.state === 'down' ? { ...checks, schema: { state: 'unknown', latencyMs: null } } : checks
    },
  }
}
