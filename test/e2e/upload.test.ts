/** A client of the resumable upload protocol with real files: interrupted, resumed, and a job on what came of it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Upload } from 'tus-js-client'
import type { Dataset, Model } from '../../src/jobs/resources.ts'
import { IMAGES, pathOf } from '../support/fixtures.ts'
import { openService, type TestService } from '../support/service.ts'

const CHUNK = 1 << 20

describe('uploads in pieces with tus-js-client', () => {
  let service: TestService
  before(async () => { service = await openService() })
  after(async () => { await service.close() })

  /** Stops after a few pieces and goes on with another client, as after a crash. Gives the upload's id. */
  async function upload (file: string): Promise<string> {
    const content = await readFile(pathOf(file))
    const options = { endpoint: `${service.url}/v1/uploads`, chunkSize: CHUNK, metadata: { filename: path.basename(file) }, retryDelays: [100] }
    const begun = await new Promise<Upload>((resolve, reject) => {
      const first = new Upload(content, {
        ...options,
        onChunkComplete (_size, accepted) { if (accepted >= 2 * CHUNK) void first.abort().then(() => { resolve(first) }, reject) },
        onError: reject,
      })
      first.start()
    })
    assert.ok(begun.url !== null)
    const offsets: number[] = []
    await new Promise<void>((resolve, reject) => {
      new Upload(content, { ...options, uploadUrl: begun.url, onChunkComplete: (_size, accepted) => { offsets.push(accepted) }, onSuccess: () => { resolve() }, onError: reject }).start()
    })
    assert.ok(offsets[0]! >= 2 * CHUNK, `it goes on where it was: ${offsets.join()}`)
    assert.equal(offsets.at(-1), content.length)
    return begun.url.split('/').at(-1)!
  }

  async function made<T> (kind: 'models' | 'datasets', id: string): Promise<T> {
    const answer = await fetch(`${service.url}/v1/${kind}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ upload: id }) })
    assert.equal(answer.status, 201)
    return await answer.json() as T
  }

  test('a model and a data set are what they are from a form, and a job runs on them', async () => {
    const [model, dataset] = [await made<Model>('models', await upload('examples/lenet5.keras')), await made<Dataset>('datasets', await upload(IMAGES))]
    const [byForm, dataByForm] = [await service.client.uploadModel(pathOf('examples/lenet5.keras')), await service.client.uploadDataset(pathOf(IMAGES))]
    for (const [mine, theirs] of [[model, byForm], [dataset, dataByForm]]) assert.deepEqual({ ...mine, id: '', createdAt: '' }, { ...theirs, id: '', createdAt: '' })
    const { id } = await service.client.createJob({ model: model.id, dataset: dataset.id, recipe: { method: 'magnitude', target: { sparsity: 0.9 }, evaluation: { latency: false } } })
    const job = await service.client.waitForJob(id)
    assert.equal(job.state, 'succeeded', JSON.stringify(job.error))
    assert.equal(job.receipt!.provenance.model.sha256, byForm.sha256)
    assert.deepEqual((await service.client.get<{ items: unknown[] }>('/v1/uploads')).items, [])
  })
})
