/** The API process: adapters, application and socket, opened together and closed in the right order. */
import { hostname } from 'node:os'
import type { FastifyBaseLogger } from 'fastify'
import { fileURLToPath } from 'node:url'
import { isLoopback, type Config } from '../config.ts'
import { EspalierError } from '../errors.ts'
import { createBlobs } from '../infra/blobs/index.ts'
import { createCatalog } from '../infra/postgres/catalog.ts'
import { createFigures } from '../infra/postgres/figures.ts'
import { createJobChanges } from '../infra/postgres/changes.ts'
import { createQueue } from '../infra/valkey/queue.ts'
import { parseAllowList } from '../infra/webhooks/allow-list.ts'
import { resolve } from '../infra/webhooks/resolve.ts'
import { createSender, createUrlCheck } from '../infra/webhooks/send.ts'
import { keyInHome } from '../infra/secrets/key-file.ts'
import { createRateCounter } from '../infra/valkey/rate-counter.ts'
import type { Catalog, Catalogs } from '../jobs/ports.ts'
import { FIRST_TENANT } from '../jobs/tenants.ts'
import { createProcessLog } from '../telemetry/process-log.ts'
import { meteredBlobs } from '../telemetry/metered-blobs.ts'
import { createTracing } from '../telemetry/tracing.ts'
import { startDispatcher } from '../jobs/webhooks/dispatcher.ts'
import { VERSION } from '../version.ts'
import { createApp } from './app.ts'
import { CATALOGUE } from './catalogue.ts'
import { inTurn } from './in-turn.ts'
import { apiMetrics } from './service-metrics.ts'
import { makePlan } from '../methods/planning/make-plan.ts'
import { readModel } from '../models/formats/index.ts'
import { gzipSize } from '../worker/gzip-size.ts'
import { summarizeDatasetFile, summarizeModelFile } from './readers.ts'

/** What setup built of the dashboard. */
const PAGES = fileURLToPath(new URL('../web/dist/', import.meta.url))

export interface Server {
  readonly url: string
  /** Answers what is being asked, takes nothing new, then closes the connections to Postgres and Valkey. */
  close (): Promise<void>
}

/** Listens at `config.host` and `config.port`. Throws `invalid-configuration` without the addresses of Postgres and Valkey, or when the port is taken. */
export async function serve (config: Config): Promise<Server> {
  const { databaseUrl, redisUrl, host, port } = config
  if (databaseUrl === undefined || redisUrl === undefined) {
    throw new EspalierError('invalid-configuration', 'DATABASE_URL and REDIS_URL are needed: the addresses of Postgres and Valkey; `npm start` brings its own')
  }
  const log = createProcessLog(config, 'api')
  const tracing = createTracing({ url: config.tracesUrl, role: 'api', instance: `${hostname()}:${process.pid}`, onTrouble: (message) => { log.warn(message) } })
  const metrics = apiMetrics()
  const catalog = createCatalog(databaseUrl, { quotas: config.quotas, retention: config.retention, auditDays: config.auditDays, secretKeys: config.secretKeys ?? [await keyInHome(config.home)] })
  const figures = createFigures(databaseUrl)
  const changes = createJobChanges(databaseUrl)
  const blobs = meteredBlobs(await createBlobs(config), metrics.of)
  const queue = createQueue(redisUrl, { prefix: config.queuePrefix })
  const rateCounter = createRateCounter(redisUrl, { prefix: config.queuePrefix })
  const targets = { allowed: parseAllowList(config.webhookAllow), resolve }
  const app = await createApp({
    catalog,
    blobs,
    queue,
    figures,
    changes,
    summarizeModel: summarizeModelFile,
    summarizeDataset: summarizeDatasetFile,
    // A plan holds the weights a few times over.
    planModel: inTurn(async (source, recipe, has) => await makePlan({ model: await readModel(source), recipe, has, gzipSize })),
    checkWebhookUrl: createUrlCheck(targets),
    catalogue: CATALOGUE,
    limits: { uploadBytes: config.maxUploadBytes, uploadHours: config.uploadHours, streams: config.maxStreams, job: { timeSeconds: config.jobTimeoutSeconds, memoryMb: config.maxJobMemoryMb, largeMb: config.largeMb } },
    version: VERSION,
    pages: PAGES,
    ...(config.apiKey !== undefined && { apiKey: config.apiKey }),
    requireKey: isReached(config),
    ...(config.trustProxy !== undefined && { trustProxy: config.trustProxy }),
    ...(config.rateLimit > 0 && { rates: { perMinute: config.rateLimit, counter: rateCounter } }),
  }, { log, metrics, tracing })

  const dispatcher = startDispatcher({ outbox: catalog, sender: createSender(targets), version: VERSION, onTrouble: (error) => { app.log.warn({ err: error }, 'webhooks') } })

  const close = async (): Promise<void> => {
    await Promise.all([app.close(), dispatcher.close()])
    await Promise.allSettled([changes.close(), catalog.close(), figures.close(), queue.close(), rateCounter.close(), blobs.close(), tracing.close()])
  }
  try {
    await mustHaveKey(config, catalog)
    await sealSecrets(catalog, app.log)
    // The first query loads a query compiler: better now than in somebody's first request. That nothing answers yet is for /readyz to say.
    await catalog.of(FIRST_TENANT).models({ limit: 1 }).catch(() => {})
    return { url: await app.listen({ host, port }), close }
  } catch (error) {
    await close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new EspalierError('invalid-configuration', `PORT ${port} of ${host} is taken by another program; set PORT to a free one`, { host, port }, { cause: error })
  }
}

/** A wrong key ends the start. A database that does not answer yet is asked when a secret is first needed. */
async function sealSecrets (catalog: Catalog, log: FastifyBaseLogger): Promise<void> {
  try {
    const { sealed, unreadable } = await catalog.sealSecrets()
    if (sealed > 0) log.info({ sealed }, 'secrets were encrypted with the present key')
    if (unreadable > 0) log.warn({ unreadable }, 'secrets cannot be read, as the keys that they are encrypted with are gone: nothing is sent to their webhooks until they are rotated')
  } catch (thrown) {
    if (EspalierError.from(thrown).code !== 'unavailable') throw thrown
  }
}

/** Do other machines reach the API, by its address or through a proxy? */
function isReached ({ host, trustProxy }: Config): boolean {
  return !isLoopback(host) || trustProxy !== undefined
}

/** There nobody is let in without a key: without any the service would be of no use, and is more likely set up by mistake. */
async function mustHaveKey (config: Config, catalog: Catalogs): Promise<void> {
  const { host, apiKey } = config
  if (!isReached(config) || apiKey !== undefined || await catalog.anyKey()) return
  const why = isLoopback(host) ? 'ESPALIER_TRUST_PROXY says that a proxy stands before the API' : `HOST is "${host}", which other machines reach`
  throw new EspalierError('invalid-configuration',
    `${why}, and there is no key: make one with npm run keys -- create --name admin --scopes read,write,admin, or set ESPALIER_API_KEY to a secret of at least 16 characters, or HOST to 127.0.0.1`)
}
