/** The JobChanges port on Postgres' notifications: one connection for all who watch. */
import type { ChangeKind, JobChanges, JobListener, TenantListener } from '../../jobs/watching.ts'
import { listen, type ListenOptions } from './listen.ts'

export interface JobChangesOptions extends ListenOptions {
  /** How often everybody looks while nothing is heard, milliseconds. */
  readonly pollMs?: number
}

/** Of the triggers on jobs and the statement that writes figures. */
export const CHANNEL = 'espalier_job_changes'

const POLL_MS = 2000
const MESSAGE = /^(state|progress|metrics) (\S+) (\S+)$/

/** Begins to listen at once; whether or not the database answers. */
export function createJobChanges (databaseUrl: string, { pollMs = POLL_MS, ...options }: JobChangesOptions = {}): JobChanges {
  const jobs = new Map<string, Set<JobListener>>()
  const tenants = new Map<string, Set<TenantListener>>()
  let poll: NodeJS.Timeout | undefined

  function everybodyLooks (): void {
    for (const listeners of [...jobs.values()]) for (const listener of [...listeners]) listener(null)
    for (const listeners of [...tenants.values()]) for (const listener of [...listeners]) listener(null)
  }

  const pollFrom = (): void => { poll ??= setInterval(everybodyLooks, pollMs) }
  pollFrom()

  const connection = listen(databaseUrl, CHANNEL, {
    heard (payload) {
      const [, kind, jobId, tenant] = MESSAGE.exec(payload) ?? []
      if (kind === undefined || jobId === undefined || tenant === undefined) return
      for (const listener of [...jobs.get(jobId) ?? []]) listener(kind as ChangeKind)
      for (const listener of [...tenants.get(tenant) ?? []]) listener({ kind: kind as ChangeKind, jobId })
    },
    up () {
      clearInterval(poll)
      poll = undefined
      everybodyLooks()
    },
    down: pollFrom,
  }, options)

  return {
    ofJob: (jobId, listener) => add(jobs, jobId, listener),
    ofTenant: (tenant, listener) => add(tenants, tenant, listener),
    async close () {
      await connection.close()
      clearInterval(poll)
    },
  }
}

function add<L> (all: Map<string, Set<L>>, key: string, listener: L): () => void {
  const listeners = all.get(key) ?? new Set<L>()
  all.set(key, listeners.add(listener))
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0 && all.get(key) === listeners) all.delete(key)
  }
}
