/** The worker process: adapters made from the configuration, and the worker on them. */
import path from 'node:path'
import { engineEnvironment, type Config } from '../config.ts'
import { EspalierError } from '../errors.ts'
import { createFileBlobs } from '../infra/blobs/files.ts'
import { createPostgresBlobs } from '../infra/blobs/postgres.ts'
import { createCatalog } from '../infra/postgres/catalog.ts'
import { TENSORFLOW_VERSION } from '../infra/setup/tensorflow.ts'
import { startWorker, type RunningWorker } from './worker.ts'
import { chooseXla } from './xla.ts'

/** How long the worker waits for a Postgres that went away before it gives a job back to the queue. */
const PATIENCE_MS = 30_000
/** How long closing waits for running jobs; a supervisor that is less patient kills, and the jobs are begun again elsewhere. */
const GRACE_MS = 8000

/** Takes jobs until it is closed. @throws `invalid-configuration` without the addresses of Postgres and Valkey */
export async function runWorker (config: Config): Promise<RunningWorker> {
  const { databaseUrl, redisUrl, home } = config
  if (databaseUrl === undefined || redisUrl === undefined) {
    throw new EspalierError('invalid-configuration', 'DATABASE_URL and REDIS_URL are needed: the addresses of Postgres and Valkey; `npm start` brings its own')
  }
  const catalog = createCatalog(databaseUrl, { patience: PATIENCE_MS, quotas: config.quotas, auditDays: config.auditDays })
  const blobs = config.blobs === 'postgres' ? createPostgresBlobs(databaseUrl, { patience: PATIENCE_MS }) : createFileBlobs(path.join(home, 'blobs'))
  const closeAdapters = async (): Promise<void> => { await Promise.allSettled([catalog.close(), blobs.close()]) }
  const { env, ...settings } = engineEnvironment()
  const xla = await chooseXla(config.xla, path.join(home, 'cache'), TENSORFLOW_VERSION, env)
  try {
    const worker = await startWorker({
      catalog,
      blobs,
      redisUrl,
      queuePrefix: config.queuePrefix,
      home,
      concurrency: config.concurrency,
      lockMs: config.stalledSeconds * 1000,
      reconcileMs: config.reconcileSeconds * 1000,
      graceMs: GRACE_MS,
      engine: { settings: { ...settings, xla: xla.xla }, env: { ...env, ...xla.env }, memoryLimitBytes: config.childMemoryMb * 2 ** 20, timeoutMs: config.jobTimeoutSeconds * 1000, recycleAfterJobs: config.childJobs },
      log: (message) => { if (config.logLevel !== 'silent') console.error(message) },
    })
    return {
      ready: worker.ready,
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
