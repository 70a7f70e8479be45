/** The API process: adapters, application and socket, opened together and closed in the right order. */
import path from 'node:path'
import { isLoopback, type Config } from '../config.ts'
import { EspalierError } from '../errors.ts'
import { createFileBlobs } from '../infra/blobs/files.ts'
import { createPostgresBlobs } from '../infra/blobs/postgres.ts'
import { createCatalog } from '../infra/postgres/catalog.ts'
import { createRateCounter } from '../infra/valkey/rate-counter.ts'
import { createQueue } from '../infra/valkey/queue.ts'
import type { FastifyRequest } from 'fastify'
import type { Catalogs } from '../jobs/ports.ts'
import { FIRST_TENANT } from '../jobs/tenants.ts'
import { VERSION } from '../version.ts'
import { createApp } from './app.ts'
import { CATALOGUE } from './catalogue.ts'
import { inTurn } from './in-turn.ts'
import { makePlan } from '../methods/planning/make-plan.ts'
import { readModel } from '../models/formats/index.ts'
import { gzipSize } from '../worker/gzip-size.ts'
import { summarizeDatasetFile, summarizeModelFile } from './readers.ts'

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
  const catalog = createCatalog(databaseUrl, { quotas: config.quotas, auditDays: config.auditDays })
  const blobs = config.blobs === 'postgres' ? createPostgresBlobs(databaseUrl) : createFileBlobs(path.join(config.home, 'blobs'))
  const queue = createQueue(redisUrl, { prefix: config.queuePrefix })
  const rateCounter = createRateCounter(redisUrl, { prefix: config.queuePrefix })
  const app = await createApp({
    catalog,
    blobs,
    queue,
    summarizeModel: summarizeModelFile,
    summarizeDataset: summarizeDatasetFile,
    // A plan holds the weights a few times over.
    planModel: inTurn(async (source, recipe, has) => await makePlan({ model: await readModel(source), recipe, has, gzipSize })),
    catalogue: CATALOGUE,
    limits: { uploadBytes: config.maxUploadBytes },
    version: VERSION,
    ...(config.apiKey !== undefined && { apiKey: config.apiKey }),
    requireKey: !isLoopback(host),
    ...(config.rateLimit > 0 && { rates: { perMinute: config.rateLimit, counter: rateCounter } }),
  }, { logger: config.logLevel === 'silent' ? false : { level: config.logLevel, redact: ['req.headers.authorization', 'req.headers["x-api-key"]'], serializers: { req: told } } })

  const close = async (): Promise<void> => {
    await app.close()
    await Promise.allSettled([catalog.close(), queue.close(), rateCounter.close(), blobs.close()])
  }
  try {
    await mustHaveKey(config, catalog)
    // The first query loads a query compiler: better now than in somebody's first request. That nothing answers yet is for /readyz to say.
    await catalog.of(FIRST_TENANT).models({ limit: 1 }).catch(() => {})
    return { url: await app.listen({ host, port }), close }
  } catch (error) {
    await close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new EspalierError('invalid-configuration', `PORT ${port} of ${host} is taken by another program; set PORT to a free one`, { host, port }, { cause: error })
  }
}

/** Off loopback nobody is let in without a key: without any the service would be of no use, and is more likely set up by mistake. */
async function mustHaveKey ({ host, apiKey }: Config, catalog: Catalogs): Promise<void> {
  if (isLoopback(host) || apiKey !== undefined || await catalog.anyKey()) return
  throw new EspalierError('invalid-configuration',
    `HOST is "${host}", which other machines reach, and there is no key: make one with npm run keys -- create --name admin --scopes read,write,admin, or set ESPALIER_API_KEY to a secret of at least 16 characters, or HOST to 127.0.0.1`)
}

/** A request as the log has it: the signature of a link is a key for minutes. */
function told ({ id, method, url, ip }: FastifyRequest): Record<string, unknown> {
  return { id, method, url: url.replace(/([?&]signature=)[^&]*/g, '$1...'), remoteAddress: ip }
}
