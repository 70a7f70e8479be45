/** The setup step: fetches and builds what npm cannot, once; afterwards it only looks whether all is there. */
import { mkdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config.ts'
import { buildBinding } from './binding.ts'
import { withLock, type Holder } from './lock.ts'
import { findPostgres, type PostgresPrograms } from './postgres.ts'
import { generateClient } from './prisma.ts'
import { showProgress, type Progress } from './progress.ts'
import { findTensorFlow, type TensorFlow } from './tensorflow.ts'
import { findValkey } from './valkey.ts'
import { buildPages } from './web.ts'

export interface SetupResult {
  readonly tensorflow: TensorFlow
  /** Absent when DATABASE_URL or REDIS_URL names a server to use. */
  readonly postgres?: PostgresPrograms
  readonly valkey?: string
}

export interface SetupOptions {
  readonly config: Config
  readonly progress?: Progress
  /** Compare the checksums of what was downloaded earlier. */
  readonly verify?: boolean
}

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** Idempotent; two at once wait for each other. @throws `setup-failed` naming what is missing and how to get it */
export async function setup ({ config, progress = showProgress(), verify = false }: SetupOptions): Promise<SetupResult> {
  const cache = await openCache(config.home)
  const onWait = ({ pid }: Holder): void => { progress.step(`waiting for another setup (process ${pid})`) }
  // Two at once may share the cache, or the checkout with another cache.
  return await withLock(path.join(cache, 'setup.lock'), async () => await withLock(path.join(ROOT, 'node_modules/.espalier-setup.lock'), async () => {
    await generateClient(ROOT, progress)
    await buildPages(ROOT, progress)
    const postgres = config.databaseUrl === undefined ? await findPostgres() : undefined
    const valkey = config.redisUrl === undefined ? await findValkey(cache, progress) : undefined
    const tensorflow = await findTensorFlow({ ...(config.tensorflow !== undefined && { given: config.tensorflow }), cache, progress, verify })
    await buildBinding(tensorflow, cache, progress)
    return { tensorflow, ...(postgres && { postgres }), ...(valkey !== undefined && { valkey }) }
  }, onWait), onWait)
}

/** Its real path: several homes may share a cache by a link, and what is compiled keeps the path of the libraries for good. */
async function openCache (home: string): Promise<string> {
  const cache = path.join(home, 'cache')
  await mkdir(cache, { recursive: true })
  return await realpath(cache)
}
