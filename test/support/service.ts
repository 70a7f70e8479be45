/** The API and a worker in this process, on a database, queue and folder of their own, reached over HTTP. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createClient, type Client } from '../../src/cli/client.ts'
import { readConfig, type Config } from '../../src/config.ts'
import { serve } from '../../src/http/server.ts'
import { runWorker } from '../../src/worker/index.ts'
import { freshDatabase } from './database.ts'
import { freshPrefix } from './queue.ts'

export interface TestService {
  readonly url: string
  readonly client: Client
  readonly home: string
  close (): Promise<void>
}

export async function openService (changes: Partial<Config> = {}): Promise<TestService> {
  const database = await freshDatabase()
  const { url: redisUrl, prefix } = freshPrefix()
  const home = await mkdtemp(path.join(tmpdir(), 'espalier-e2e-'))
  const config: Config = { ...readConfig(), host: '127.0.0.1', port: 0, home, databaseUrl: database.url, redisUrl, queuePrefix: prefix, logLevel: 'silent', ...changes }
  const server = await serve(config)
  const worker = await runWorker(config)
  return {
    url: server.url,
    client: createClient(server.url),
    home,
    async close () {
      await Promise.all([server.close(), worker.close()])
      await database.drop()
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
