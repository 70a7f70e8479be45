/** The few HTTP calls that a client of the service makes, as the demo and the benches make them. */
import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { EspalierError, type ErrorCode } from '../errors.ts'
import type { Artifact, Dataset, Job, Model } from '../jobs/resources.ts'

const ENDED = new Set(['succeeded', 'failed', 'cancelled'])
const POLL_SECONDS = 10

export interface Client {
  uploadModel (path: string): Promise<Model>
  uploadDataset (path: string): Promise<Dataset>
  createJob (job: { model: string, dataset?: string, recipe: object }): Promise<Job>
  /** Asks until the job has ended. */
  waitForJob (id: string, onChange?: (job: Job) => void): Promise<Job>
  /** Writes the artifact to `path`; throws `verification-failed` when the bytes are not those the service announced. */
  download (artifact: Artifact, path: string): Promise<void>
  get<T> (path: string): Promise<T>
}

/** Throws EspalierErrors with the service's own codes. */
export function createClient (baseUrl: string, apiKey?: string): Client {
  async function call (path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (apiKey !== undefined) headers.set('authorization', `Bearer ${apiKey}`)
    const response = await fetch(new URL(path, baseUrl), { ...init, headers })
    if (response.ok) return response
    const problem = await response.json().catch(() => ({})) as { code?: ErrorCode, detail?: string }
    throw new EspalierError(problem.code ?? 'unavailable', problem.detail ?? `${path} answered ${response.status}`, { status: response.status })
  }
  const get = async <T>(path: string): Promise<T> => await (await call(path)).json() as T

  async function upload<T> (route: string, path: string): Promise<T> {
    const form = new FormData()
    form.append('name', basename(path))
    form.append('file', await openAsBlob(path), basename(path))
    return await (await call(route, { method: 'POST', body: form })).json() as T
  }

  return {
    get,
    uploadModel: async (path) => await upload('/v1/models', path),
    uploadDataset: async (path) => await upload('/v1/datasets', path),
    async createJob (job) {
      const response = await call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(job) })
      return await response.json() as Job
    },
    async waitForJob (id, onChange) {
      for (;;) {
        const job = await get<Job>(`/v1/jobs/${id}?wait=${onChange === undefined ? POLL_SECONDS : 0}`)
        onChange?.(job)
        if (ENDED.has(job.state)) return job
        if (onChange !== undefined) await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },
    async download (artifact, path) {
      const response = await call(artifact.url)
      await writeFile(path, new Uint8Array(await response.arrayBuffer()))
      const sha256 = createHash('sha256').update(await readFile(path)).digest('hex')
      if (sha256 !== artifact.sha256) {
        throw new EspalierError('verification-failed', `${path} has sha256 ${sha256}, the service says ${artifact.sha256}`, { path })
      }
    },
  }
}
