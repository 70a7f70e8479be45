/** The worker process: adapters made from the configuration, the worker on them, and what watches it. */
import path from 'node:path'
import { engineEnvironment, type Config } from '../config.ts'
import { EspalierError } from '../errors.ts'
import { createBlobs } from '../infra/blobs/index.ts'
import { createCatalog } from '../infra/postgres/catalog.ts'
import { TENSORFLOW_VERSION } from '../infra/setup/tensorflow.ts'
import { meteredBlobs } from '../telemetry/metered-blobs.ts'
import { watchWorker } from './watched.ts'
import { startWorker } from './worker.ts'
import { chooseXla } from './xla.ts'

/** How long the worker waits for a Postgres that went away before it gives a job back to the queue. */
const PATIENCE_MS = 30_000

export interface WorkerProcess {
  /** Resolves when an engine process can take work; rejects when TensorFlow cannot be used. */
  readonly ready: Promise<unknown>
  /** Where /metrics and /healthz are answered; absent: nowhere. */
  readonly metricsUrl?: string
  close (): Promise<void>
  /** Gives all running jobs back at once, when closing takes too long. */
  hurry (): void
}

/** Takes jobs until it is closed. @throws `invalid-configuration` without the addresses of Postgres and Valkey, or when its port is taken */
export async function runWorker (config: Config): Promise<WorkerProcess> {
  const { databaseUrl, redisUrl, home } = config
  if (databaseUrl === undefined || redisUrl === undefined) {
    throw new EspalierError('invalid-configuration', 'DATABASE_URL and REDIS_URL are needed: the addresses of Postgres and Valkey; `npm start` brings its own')
  }
  const watched = watchWorker(config)
  const catalog = createCatalog(databaseUrl, { patience: PATIENCE_MS, quotas: config.quotas, retention: config.retention, auditDays: config.auditDays })
  const blobs = meteredBlobs(await createBlobs(config, { patience: PATIENCE_MS }), watched.metrics)
  const closeAdapters = async (): Promise<void> => { await Promise.allSettled([catalog.close(), blobs.close(), watched.close()]) }
  const { env, ...settings } = engineEnvironment()
  const xla = await chooseXla(config.xla, path.join(home, 'cache'), TENSORFLOW_VERSION, env)
  try {
    const metricsUrl = await watched.listen()
    const worker = await startWorker({
      catalog,
      blobs,
      redisUrl,
      queuePrefix: config.queuePrefix,
      home,
      concurrency: config.concurrency,
      ...(config.queues !== undefined && { queues: config.queues }),
      largeMb: config.largeMb,
      lockMs: config.stalledSeconds * 1000,
      reconcileMs: config.reconcileSeconds * 1000,
      graceMs: config.drainSeconds * 1000,
      engine: {
        settings: { ...settings, xla: xla.xla }, env: { ...env, ...xla.env }, memoryLimitBytes: config.childMemoryMb * 2 ** 20, timeoutMs: config.jobTimeoutSeconds * 1000, recycleAfterJobs: config.childJobs,
        ...watched.engineHooks,
      },
      observer: watched.observer,
      log: watched.warn,
    })
    watched.begun(worker)
    return {
      ready: worker.ready,
      ...(metricsUrl !== undefined && { metricsUrl }),
      hurry: worker.hurry,
      async close () {
        await worker.close()
        await closeAdapters()
      },
    }
  } catch (error) {
    await closeAdapters()
    throw error
  }
}
