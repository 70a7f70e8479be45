/** The API process: adapters, application and socket, opened together and closed in the right order. */
import path from 'node:path'
import type { Config } from '../config.ts'
import { EspalierError } from '../errors.ts'
import { createFileBlobs } from '../infra/blobs/files.ts'
import { createPostgresBlobs } from '../infra/blobs/postgres.ts'
import { createCatalog } from '../infra/postgres/catalog.ts'
import { createQueue } from '../infra/valkey/queue.ts'
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
  const catalog = createCatalog(databaseUrl)
  const blobs = config.blobs === 'postgres' ? createPostgresBlobs(databaseUrl) : createFileBlobs(path.join(config.home, 'blobs'))
  const queue = createQueue(redisUrl, { prefix: config.queuePrefix })
  const app = await createApp({
    catalog,
    blobs,
    queue,
    summarizeModel: summarizeModelFile,
    summarizeDataset: summarizeDatasetFile,
    // A plan holds the weights a few times over.
    planModel: inTurn(async (source, recipe, has) => await makePlan({ model: await readModel(source), recipe, has, gzipSize })),
    catalogue: CATALOGUE,
    limits: { uploadBytes: config.maxUploadBytes, job: { timeSeconds: config.jobTimeoutSeconds, memoryMb: config.maxJobMemoryMb, largeMb: config.largeMb } },
    version: VERSION,
    ...(config.apiKey !== undefined && { apiKey: config.apiKey }),
  }, { logger: config.logLevel === 'silent' ? false : { level: config.logLevel, redact: ['req.headers.authorization', 'req.headers["x-api-key"]'] } })

  const close = async (): Promise<void> => {
    await app.close()
    await Promise.allSettled([catalog.close(), queue.close(), blobs.close()])
  }
  try {
    // The first query loads a query compiler: better now than in somebody's first request. That nothing answers yet is for /readyz to say.
    await catalog.of(FIRST_TENANT).models({ limit: 1 }).catch(() => {})
    return { url: await app.listen({ host, port }), close }
  } catch (error) {
    await close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new EspalierError('invalid-configuration', `PORT ${port} of ${host} is taken by another program; set PORT to a free one`, { host, port }, { cause: error })
  }
}
