/** Looks on while attempts are run: a span for each attempt and stage, counts and times, and lines of the log. */
import { EspalierError, type ErrorCode } from '../errors.ts'
import type { AttemptObserver, BegunAttempt, Outcome } from '../jobs/attempt-observer.ts'
import type { Tracing } from '../jobs/tracing.ts'
import type { StageTime } from '../methods/job-types.ts'
import type { Log } from '../telemetry/log.ts'
import { OF_WORKER } from '../telemetry/metrics/definitions.ts'
import type { Metrics } from '../telemetry/metrics/registry.ts'

export { OF_WORKER }
export type WorkerMetrics = Metrics<typeof OF_WORKER>['of']

/** What is no doing of the recipe or the files. The text of other errors may repeat what a client wrote: the job has it, the log does not. */
const OUR_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['internal', 'engine-crashed', 'engine-unavailable', 'attempts-exhausted', 'unavailable', 'invalid-step'])

/** Of an engine process, which reads what strangers upload: its messages make no labels and no numbers of their own. */
const ENGINE_STAGES = new Set(['gzip', 'read', 'prune', 'train', 'shrink', 'stages', 'calibrate', 'evaluate', 'speed', 'write', 'verify'])

export function createObserver ({ tracing, metrics, log }: { tracing: Tracing, metrics: WorkerMetrics, log: Log }): AttemptObserver {
  const speeds = new Map<object, { method: string, stepsPerSecond: number }>()

  function showSpeeds (method: string): void {
    metrics.steps.set({ method }, [...speeds.values()].reduce((sum, speed) => speed.method === method ? sum + speed.stepsPerSecond : sum, 0))
  }

  return {
    begun (begun) {
      const { jobId, attempt, method, waitMs } = begun
      const begin = performance.now()
      const span = spansOf(tracing, begun)
      const line = log.child({ jobId, attempt, method, ...(span.traceId !== undefined && { traceId: span.traceId }) })
      const key = {}
      metrics.running.inc({ method })
      if (waitMs !== null) metrics.wait.observe({}, Math.max(0, waitMs) / 1000, span.context)
      line.info({ ...(waitMs !== null && { waitMs: Math.round(waitMs) }) }, 'attempt begun')
      let engine = span.context

      function engineStage ({ stage, begin: from, end, failed }: StageTime): void {
        if (!ENGINE_STAGES.has(stage) || !Number.isFinite(from) || !Number.isFinite(end)) return
        const inner = tracing.start(stage, { parent: engine, begin: from })
        metrics.stage.observe({ stage }, Math.max(0, end - from) / 1000, inner.context)
        if (failed) inner.fail('failed')
        inner.end(end)
      }

      return {
        engineStage,
        async stage (stage, work) {
          const inner = tracing.start(stage, { parent: span.context })
          if (stage === 'engine') engine = inner.context
          const started = performance.now()
          try {
            return await work()
          } catch (error) {
            inner.fail(EspalierError.from(error).code)
            throw error
          } finally {
            metrics.stage.observe({ stage }, (performance.now() - started) / 1000, inner.context)
            inner.end()
          }
        },
        progress ({ stepsPerSecond }) {
          if (stepsPerSecond === undefined || !Number.isFinite(stepsPerSecond)) speeds.delete(key)
          else speeds.set(key, { method, stepsPerSecond })
          showSpeeds(method)
        },
        checkpoint (bytes, stored) {
          metrics.checkpoints.inc({ outcome: stored ? 'stored' : 'lost' })
          if (stored && Number.isFinite(bytes) && bytes > 0) metrics.checkpointBytes.inc(bytes)
        },
        ended (outcome, error) {
          const seconds = (performance.now() - begin) / 1000
          const code = error?.code ?? ''
          speeds.delete(key)
          showSpeeds(method)
          metrics.running.dec({ method })
          metrics.attempts.inc({ method, outcome, code })
          metrics.duration.observe({ method, outcome }, seconds, span.context)
          span.set({ 'espalier.outcome': outcome })
          if (outcome === 'failed' || outcome === 'returned') span.fail(code)
          span.end()
          tell(line, outcome, seconds, error)
        },
      }
    },
  }
}

function spansOf (tracing: Tracing, { jobId, attempt, method, waitMs, traceContext: parent }: BegunAttempt): ReturnType<Tracing['start']> {
  const attributes = { 'espalier.job.id': jobId, 'espalier.job.attempt': attempt, 'espalier.method': method }
  const now = Date.now()
  if (waitMs !== null) tracing.start('queue wait', { parent, attributes, begin: now - Math.max(0, waitMs) }).end(now)
  return tracing.start('attempt', { parent, attributes, kind: 'consumer', begin: now })
}

function tell (log: Log, outcome: Outcome | 'returned', seconds: number, error: EspalierError | undefined): void {
  const ours = error !== undefined && OUR_FAULTS.has(error.code)
  const fields = { outcome, seconds: Math.round(seconds * 1000) / 1000, ...(error !== undefined && { code: error.code }), ...(ours && { reason: error.message.slice(0, 2000) }) }
  const text = outcome === 'returned' ? 'attempt goes back to the queue' : `attempt ${outcome}`
  if (ours && outcome === 'failed') log.error(fields, text)
  else if (outcome === 'failed' || outcome === 'returned') log.warn(fields, text)
  else log.info(fields, text)
}
