/** What happens to all jobs of a tenant, told as it happens: every change of state, and how far the jobs are that are worked on. */
import type { TenantCatalog } from '../ports.ts'
import type { JobChanges } from '../watching.ts'
import { createBell } from './bell.ts'
import { isEnded } from '../states.ts'
import { oneAfterAnother } from './one-after-another.ts'
import { EVENTS_AT_ONCE, patiently, pauseSince, PROGRESS_EVERY_MS, progressMessage, stateMessage, type StreamMessage } from './stream-events.ts'

export interface TenantStreamContext {
  readonly catalog: TenantCatalog
  readonly changes: JobChanges
  readonly tenant: string
  /** Number of the last event that was told; null: from now on. */
  readonly from: number | null
  /** EventOrder's, which may be shared by all streams of the process. */
  readonly settled: () => Promise<number>
  readonly signal: AbortSignal
}

/** Jobs whose progress changed while nobody read, before all are looked at instead. */
const MAX_NAMED = 200

/** What was rung: a job's progress by its id, or one of these. */
const [ALL, SETTLED] = ['all', 'settled']

/** Messages from the cursor on, until `signal` aborts. As in the stream of one job, it reads when it is asked for the next message. */
export async function * streamTenant ({ catalog, changes, tenant, from, settled, signal }: TenantStreamContext): AsyncGenerator<StreamMessage> {
  const bell = createBell<string>()
  const progress = new Map<string, string>()
  let upTo = 0
  // Beside the loop: a transaction that stays open holds up states, which have an order, but not progress, which has none.
  const settle = oneAfterAnother(async () => {
    upTo = Math.max(upTo, await patiently(signal, settled) ?? 0)
    bell.ring(SETTLED)
  })
  const stop = changes.ofTenant(tenant, (change) => {
    if (change === null) bell.ring(ALL)
    if (change === null || change.kind === 'state') void settle()
    else if (change.kind === 'progress') bell.ring(change.jobId)
  })
  try {
    upTo = await patiently(signal, settled) ?? 0
    let told = Math.min(from ?? upTo, upTo)
    if (signal.aborted) return
    yield { event: 'ready', id: String(told), data: {} }
    let rung: ReadonlySet<string> = new Set([ALL])
    while (!signal.aborted) {
      const looked = performance.now()
      while (told < upTo && !signal.aborted) {
        const events = await patiently(signal, async () => await catalog.events(told, upTo, EVENTS_AT_ONCE)) ?? []
        for (const event of events) {
          told = event.number
          if (isEnded(event.state)) progress.delete(event.jobId)
          yield stateMessage(event, String(told))
        }
        if (events.length < EVENTS_AT_ONCE) break
      }
      const changed = [...rung].filter((what) => what !== ALL && what !== SETTLED)
      const which = rung.has(ALL) || changed.length > MAX_NAMED ? null : changed
      const jobs = which?.length === 0 ? [] : await patiently(signal, async () => await catalog.workedOn(which)) ?? []
      if (which === null) forgetOthers(progress, jobs.map(({ jobId }) => jobId))
      for (const job of jobs) {
        const text = JSON.stringify([job.attempt, job.progress])
        if (progress.get(job.jobId) === text) continue
        progress.set(job.jobId, text)
        yield progressMessage(job)
      }
      rung = await bell.rung(signal)
      if (!rung.has(SETTLED)) await pauseSince(looked, PROGRESS_EVERY_MS, signal)
    }
  } finally {
    stop()
  }
}

function forgetOthers (progress: Map<string, string>, kept: readonly string[]): void {
  const known = new Set(kept)
  for (const id of progress.keys()) if (!known.has(id)) progress.delete(id)
}
