/** For the tests of the API: the app over real Postgres, Valkey and files, and what a client and a worker do to it. */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EspalierError } from '../../src/errors.ts'
import { createApp } from '../../src/http/app.ts'
import type { App, Dependencies } from '../../src/http/dependencies.ts'
import { createFileBlobs } from '../../src/infra/blobs/files.ts'
import { createJobChanges } from '../../src/infra/postgres/changes.ts'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import { createFigures } from '../../src/infra/postgres/figures.ts'
import { makePlan } from '../../src/methods/planning/make-plan.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { createQueue } from '../../src/infra/valkey/queue.ts'
import { parseAllowList } from '../../src/infra/webhooks/allow-list.ts'
import { createUrlCheck } from '../../src/infra/webhooks/send.ts'
import type { Catalog } from '../../src/jobs/ports.ts'
import type { ByteSource } from '../../src/models/bytes.ts'
import { DATASET, MODEL } from '../contract/samples.ts'
import { flipBit } from '../support/damage.ts'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'
import { SECRET_KEYS } from '../support/secret-keys.ts'

export interface Harness extends Dependencies {
  readonly app: App
  readonly databaseUrl: string
  /** What workers see. */
  readonly catalog: Catalog
  /** How many files lie in the blob folder, finished or not, once those that requests let go of are removed. */
  blobCount (): Promise<number>
  /** Changes a bit of byte `at` of a stored file. */
  damageBlob (sha256: string, at: number): Promise<void>
  close (): Promise<void>
}

/** Files that begin with `model` are models and those that begin with `data` are data sets: the real readers have tests of their own. */
export async function openHarness (changes: Partial<Dependencies> = {}): Promise<Harness> {
  const home = await mkdtemp(path.join(tmpdir(), 'espalier-http-'))
  const database = await freshDatabase()
  const catalog = createCatalog(database.url, { secretKeys: SECRET_KEYS })
  const blobs = createFileBlobs(home)
  const { url, prefix } = freshPrefix()
  const told = createJobChanges(database.url)
  const queue = createQueue(url, { prefix })
  const dependencies: Dependencies = {
    catalog,
    blobs,
    queue,
    figures: createFigures(database.url),
    changes: told,
    summarizeModel: async (source) => {
      await mustBegin(source, ['model', 'PK\u0003\u0004'], 'invalid-model')
      return MODEL
    },
    summarizeDataset: async (source, inputs) => {
      await mustBegin(source, ['data'], 'invalid-dataset')
      return { ...DATASET, inputs: inputs ?? DATASET.inputs }
    },
    planModel: async (source, recipe, has) => await makePlan({ model: await readModel(source), recipe, has, gzipSize }),
    checkWebhookUrl: createUrlCheck({ allowed: parseAllowList('127.0.0.1'), resolve: async () => ['8.8.8.8'] }),
    catalogue: { methods: [{ name: 'magnitude', description: 'drops the smallest weights' }] },
    limits: { uploadBytes: 32 << 20 },
    version: '0.0.0',
    ...changes,
  }
  const app = await createApp(dependencies)
  return {
    ...dependencies,
    databaseUrl: database.url,
    catalog,
    app,
    async blobCount () {
      await app.remover.settled()
      const names = await readdir(home, { recursive: true, withFileTypes: true })
      return names.filter((entry) => entry.isFile() && !entry.name.endsWith('.sums')).length
    },
    async damageBlob (sha256, at) { await flipBit(path.join(home, sha256.slice(0, 2), sha256), at) },
    async close () {
      await app.close()
      await Promise.all([told.close(), catalog.close(), queue.close(), blobs.close(), dependencies.figures.close()])
      await database.drop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function mustBegin (source: ByteSource, magics: readonly string[], code: 'invalid-model' | 'invalid-dataset'): Promise<void> {
  const head = Buffer.from(await source.read(0, Math.min(source.size, 5))).toString('latin1')
  if (!magics.some((magic) => head.startsWith(magic))) throw new EspalierError(code, `begins with "${head}", which no format does`, { head })
}

export interface TestPart { readonly name: string, readonly value: string | Uint8Array, readonly filename?: string, readonly type?: string }

/** A multipart form as `app.inject` takes it. */
export function form (...parts: TestPart[]): { payload: Buffer, headers: Record<string, string> } {
  const boundary = 'b0undary'
  const pieces = parts.flatMap(({ name, value, filename, type }) => [
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n${type === undefined ? '' : `content-type: ${type}\r\n`}\r\n`,
    value,
    '\r\n',
  ])
  const payload = Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => typeof piece === 'string' ? Buffer.from(piece) : piece))
  return { payload, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }
}

export function sha256 (bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
