/** What a worker is watched by: its log, its metrics with their listener, and its traces. */
import type { Config } from '../config.ts'
import type { AttemptObserver } from '../jobs/attempt-observer.ts'
import { createMetrics } from '../telemetry/metrics/registry.ts'
import { createProcessLog } from '../telemetry/process-log.ts'
import { createTracing } from '../telemetry/tracing.ts'
import { VERSION } from '../version.ts'
import { listen, type Listener } from './listener.ts'
import { createObserver, OF_WORKER, type WorkerMetrics } from './observer.ts'
import type { EngineRunnerOptions } from './runner.ts'
import { workerName, type RunningWorker } from './worker.ts'

export interface WatchedWorker {
  readonly metrics: WorkerMetrics
  readonly observer: AttemptObserver
  readonly engineHooks: Pick<EngineRunnerOptions, 'onStart' | 'onEnd'>
  readonly warn: (message: string) => void
  /** Gives the address where /metrics and /healthz are answered; undefined when no port is set. */
  listen (): Promise<string | undefined>
  /** Engine processes can be looked at from now on. */
  begun (worker: RunningWorker): void
  /** Sends the last spans and listens no longer. */
  close (): Promise<void>
}

export function watchWorker (config: Config): WatchedWorker {
  const worker = workerName()
  const log = createProcessLog(config, 'worker', { worker })
  const warn = (message: string): void => { log.warn(message) }
  const tracing = createTracing({ url: config.tracesUrl, role: 'worker', instance: worker, onTrouble: warn })
  const { of, text } = createMetrics(OF_WORKER, 'worker')
  of.slots.set(config.concurrency)
  let running: RunningWorker | undefined
  let listener: Listener | undefined

  async function lookAtEngines (): Promise<void> {
    const held = await running?.engineMemory() ?? []
    of.engines.set(held.length)
    of.engineMemory.set(held.reduce((sum, bytes) => sum + bytes, 0))
    of.engineLargest.set(Math.max(0, ...held))
  }

  return {
    metrics: of,
    observer: createObserver({ tracing, metrics: of, log }),
    engineHooks: {
      onStart () { of.engineStarts.inc() },
      onEnd (reason) {
        of.engineEnds.inc({ reason })
        log.debug({ reason }, 'engine process ended')
      },
    },
    warn,
    async listen () {
      const { workerMetricsHost: host, workerMetricsPort: port, apiKey } = config
      if (port === undefined) return undefined
      listener = await listen({
        host, port, apiKey, version: VERSION,
        async metrics (accept) {
          await lookAtEngines()
          return await text(accept)
        },
      })
      log.info({ url: listener.url }, 'metrics of the worker are at /metrics')
      return listener.url
    },
    begun (begun) {
      running = begun
      log.info({ slots: config.concurrency }, 'the worker takes jobs')
      begun.ready.then(() => { log.info('an engine process is ready') }, () => {})
    },
    async close () {
      await Promise.all([listener?.close(), tracing.close()])
    },
  }
}
