/** What tests of the use cases work with: a Catalog, a queue, both blob stores, and runners that do as they are told. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EspalierError } from '../../src/errors.ts'
import { createFileBlobs } from '../../src/infra/blobs/files.ts'
import { createPostgresBlobs } from '../../src/infra/blobs/postgres.ts'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import { createQueue } from '../../src/infra/valkey/queue.ts'
import type { Blobs, Catalog, JobRow, Queue, Runner, RunRequest } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { runAttempt, type Outcome } from '../../src/jobs/use-cases/run-attempt.ts'
import { submitJob } from '../../src/jobs/use-cases/submit-job.ts'
import { freshDatabase } from '../support/database.ts'
import { freshPrefix } from '../support/queue.ts'
import { SECRET_KEYS } from '../support/secret-keys.ts'
import { MODEL, RECEIPT, RECIPE, sha256Of } from './samples.ts'

export const MODEL_BYTES = Buffer.from('the bytes of a model')
export const NO_SIGNAL = new AbortController().signal

/** Writes one output that says which model it is of. */
export const runner: Runner = {
  async run (request, { onProgress }) {
    onProgress({ stage: 'prune', done: 1, total: 2, etaSeconds: null })
    const content = `pruned ${readFileSync(request.model.path, 'utf8')}`
    await writeFile(path.join(request.folder, 'model.keras'), content)
    return { job: request.job, receipt: RECEIPT, outputs: [{ name: 'model.keras', format: 'keras', bytes: content.length, sha256: sha256Of(content) }] }
  },
}

/** A runner that works until it is stopped or told to go on. */
export function held (): { by: Runner, begun: Promise<RunRequest>, goOn: () => void } {
  let begin = (_request: RunRequest): void => {}
  let goOn = (): void => {}
  const begun = new Promise<RunRequest>((resolve) => { begin = resolve })
  const going = new Promise<void>((resolve) => { goOn = resolve })
  const by: Runner = {
    async run (request, hooks) {
      begin(request)
      await new Promise<void>((resolve, reject) => {
        hooks.signal.addEventListener('abort', () => { reject(new Error('stopped')) })
        hooks.pause.addEventListener('abort', () => { reject(new EspalierError('job-paused', 'the job was paused')) })
        going.then(resolve, reject)
      })
      return await runner.run(request, hooks)
    },
  }
  return { by, begun, goOn }
}

export interface AttemptOptions { readonly by?: Runner, readonly blobs?: Blobs, readonly signal?: AbortSignal, readonly pause?: AbortSignal, readonly watchMs?: number, readonly worker?: string, readonly drain?: AbortSignal, readonly memoryBytes?: number }

export interface Workplace {
  readonly catalog: Catalog
  readonly queue: Queue
  readonly fileBlobs: Blobs
  readonly postgresBlobs: Blobs
  readonly scratch: string
  storeModel (blobs?: Blobs): Promise<string>
  submit (blobs?: Blobs, to?: Queue): Promise<JobRow>
  attempt (job: JobRow, options?: AttemptOptions): Promise<Outcome>
  stateOf (job: JobRow): Promise<string | undefined>
  /** Ends what is unfinished, so that a test sees its own jobs only. */
  settle (): Promise<void>
  /** Checks that every attempt removed its folder, and takes all down. */
  dispose (): Promise<void>
}

export async function makeWorkplace (): Promise<Workplace> {
  const database = await freshDatabase()
  const { url, prefix } = freshPrefix()
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-jobs-'))
  const scratch = path.join(folder, 'scratch')
  const catalog = createCatalog(database.url, { secretKeys: SECRET_KEYS })
  const queue = createQueue(url, { prefix })
  const fileBlobs = createFileBlobs(path.join(folder, 'blobs'))
  const postgresBlobs = createPostgresBlobs(database.url)

  async function storeModel (blobs = fileBlobs): Promise<string> {
    const { sha256, bytes } = await blobs.put((async function * () { yield MODEL_BYTES })())
    return (await catalog.of(FIRST_TENANT).createModel({ name: 'm.keras', sha256, bytes }, MODEL)).id
  }

  return {
    catalog,
    queue,
    fileBlobs,
    postgresBlobs,
    scratch,
    storeModel,
    async submit (blobs = fileBlobs, to = queue) {
      return await submitJob({ catalog: catalog.of(FIRST_TENANT), queue: to }, { model: await storeModel(blobs), recipe: RECIPE })
    },
    async attempt (job, { by = runner, blobs = fileBlobs, signal = NO_SIGNAL, pause = NO_SIGNAL, watchMs = 20, worker = 'w', ...more } = {}) {
      return await runAttempt({ catalog, blobs, runner: by, entry: { jobId: job.id, attempt: job.attempt }, worker, scratch, signal, pause, watchMs, ...more })
    },
    async stateOf (job) {
      return (await catalog.of(FIRST_TENANT).job(job.id))?.state
    },
    async settle () {
      for (const job of await catalog.unfinished(0)) {
        await queue.remove({ jobId: job.id, attempt: job.attempt })
        await catalog.fail(job.id, job.attempt, { code: 'internal', message: 'left over' })
      }
    },
    async dispose () {
      await queue.close()
      await catalog.close()
      await postgresBlobs.close()
      await database.drop()
      const left = existsSync(scratch) ? await readdir(scratch) : []
      await rm(folder, { recursive: true })
      assert.deepEqual(left, [], 'folders of attempts that were not removed')
    },
  }
}
