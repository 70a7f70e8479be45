/** The API's metrics: its own, and those of the whole service, which Postgres and Valkey know. */
import type { EndedAttempt, Figures } from '../jobs/figures.ts'
import type { Queue } from '../jobs/ports.ts'
import { OF_API } from '../telemetry/metrics/definitions.ts'
import { createMetrics, type Metrics, type MetricsText } from '../telemetry/metrics/registry.ts'
import { within } from './within.ts'

export type ApiMetrics = Metrics<typeof OF_API>

export interface ServiceMetrics {
  readonly of: ApiMetrics['of']
  /** With figures that are a few seconds old at most, however often it is asked. */
  text (accept: string | undefined): Promise<MetricsText>
}

/** Scrapes that come sooner cost nothing. */
const FRESH_MS = 5000
/** Postgres has such a limit of its own. */
const VALKEY_MS = 1200
/** The end of an attempt has the time at which its transaction began: one that was seen to end may be followed by an earlier one. */
const OVERLAP_MS = 60_000

type Sources = { readonly figures: Figures, readonly queue: Queue }

export function apiMetrics (): ApiMetrics {
  return createMetrics(OF_API, 'api')
}

/** `metrics` may be shared with others that count in them. */
export function createServiceMetrics ({ figures, queue }: Sources, metrics: ApiMetrics = apiMetrics()): ServiceMetrics {
  const { of } = metrics
  const ended = endedAttempts(figures)
  let looked = -Infinity
  let looking: Promise<unknown> | undefined

  async function lookAtPostgres (): Promise<void> {
    const gauges = [of.jobs, of.trainingJobs, of.trainingSteps, of.storedFiles, of.storedBytes, of.webhookDeliveries]
    try {
      const [states, training, files, deliveries, attempts] = await Promise.all([figures.jobStates(), figures.training(), figures.files(), figures.deliveries(), ended()])
      for (const gauge of gauges) gauge.reset()
      for (const [state, jobs] of Object.entries(states)) of.jobs.set({ state }, jobs)
      for (const { method, jobs, stepsPerSecond } of training) {
        of.trainingJobs.set({ method }, jobs)
        of.trainingSteps.set({ method }, stepsPerSecond)
      }
      for (const { kind, files: count, bytes } of files) {
        of.storedFiles.set({ kind }, count)
        of.storedBytes.set({ kind }, bytes)
      }
      for (const { state, count: messages } of deliveries) of.webhookDeliveries.set({ state }, messages)
      for (const attempt of attempts) count(of, attempt)
      of.dependencyUp.set({ dependency: 'postgres' }, 1)
    } catch {
      // What is not known is not told: old figures would hide that.
      for (const gauge of gauges) gauge.reset()
      of.dependencyUp.set({ dependency: 'postgres' }, 0)
    }
  }

  async function lookAtValkey (): Promise<void> {
    try {
      const counts = await within(VALKEY_MS, queue.counts())
      for (const [state, entries] of Object.entries(counts)) of.queueEntries.set({ queue: 'jobs', state }, entries)
      of.dependencyUp.set({ dependency: 'valkey' }, 1)
    } catch {
      of.queueEntries.reset()
      of.dependencyUp.set({ dependency: 'valkey' }, 0)
    }
  }

  function look (): void {
    if (performance.now() - looked < FRESH_MS) return
    looking ??= Promise.all([lookAtPostgres(), lookAtValkey()]).finally(() => {
      looked = performance.now()
      looking = undefined
    })
  }

  // From now on attempts are counted, whenever the first scrape comes.
  look()
  return {
    of,
    async text (accept) {
      look()
      await looking
      return await metrics.text(accept)
    },
  }
}

/** Attempts that ended since it was called for the first time, each once. */
function endedAttempts (figures: Figures): () => Promise<EndedAttempt[]> {
  const seen = new Map<string, number>()
  let newest: number | undefined
  return async () => {
    const first = newest === undefined
    newest ??= (await figures.now()).getTime()
    const since = newest - OVERLAP_MS
    const fresh: EndedAttempt[] = []
    for (const attempt of await figures.endedAttempts(new Date(since))) {
      const key = `${attempt.jobId}-${attempt.number}`
      const at = attempt.finishedAt.getTime()
      if (!first && !seen.has(key)) fresh.push(attempt)
      seen.set(key, at)
      newest = Math.max(newest, at)
    }
    for (const [key, at] of seen) if (at <= newest - OVERLAP_MS) seen.delete(key)
    return fresh
  }
}

function count (of: ApiMetrics['of'], { method, outcome, code, waitMs, durationMs }: EndedAttempt): void {
  of.attempts.inc({ method, outcome, code: code ?? '' })
  if (waitMs !== null) of.queueWait.observe(Math.max(0, waitMs) / 1000)
  if (durationMs !== null) of.attemptDuration.observe({ method, outcome }, Math.max(0, durationMs) / 1000)
}
