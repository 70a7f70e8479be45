/** The whole path over HTTP with real models and real images: upload, job, receipt, download, and the downloaded model once more. */
import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Job, Model } from '../../src/jobs/resources.ts'
import { EXPECTED, IMAGES, MODEL_FILES, pathOf } from '../support/fixtures.ts'
import { npzOf } from '../support/npz.ts'
import { openService, type TestService } from '../support/service.ts'

describe('a job from upload to download', () => {
  let service: TestService, lenet: Model, dataset: string

  before(async () => {
    service = await openService()
    lenet = await service.client.uploadModel(pathOf('examples/lenet5.keras'))
    dataset = (await service.client.uploadDataset(pathOf(IMAGES))).id
  })
  after(async () => { await service.close() })

  async function run (job: { model: string, dataset?: string, recipe: object }): Promise<Job> {
    const { id } = await service.client.createJob(job)
    return await service.client.waitForJob(id)
  }
  async function succeeded (job: { model: string, dataset?: string, recipe: object }): Promise<Job & { receipt: NonNullable<Job['receipt']> }> {
    const ended = await run(job)
    assert.equal(ended.state, 'succeeded', JSON.stringify(ended.error))
    return ended as Job & { receipt: NonNullable<Job['receipt']> }
  }
  async function download (job: Job, name: string): Promise<string> {
    const target = path.join(service.home, `${job.id}-${name}`)
    await service.client.download(job.artifacts.find((artifact) => artifact.name === name) ?? assert.fail(`no artifact ${name}: ${JSON.stringify(job.artifacts)}`), target)
    return target
  }

  test('magnitude 90 % in every format, with receipt, and the pruned files again', async () => {
    const formats = ['keras', 'keras-h5', 'tfjs-layers']
    const job = await succeeded({ model: lenet.id, dataset, recipe: { method: 'magnitude', target: { sparsity: 0.9 }, output: formats } })
    const { before, after: pruned, layers, outputs, evaluation, provenance } = job.receipt
    assert.equal(before.prunableWeights, lenet.prunableWeights)
    const zeros = Math.floor(0.9 * before.prunableWeights + 0.5)
    assert.equal(before.nonzeros - pruned.nonzeros, zeros)
    assert.equal(pruned.sparsity, zeros / before.prunableWeights)
    assert.equal(layers.reduce((sum, layer) => sum + layer.weights - layer.nonzeros, 0), zeros)
    assert.ok(Math.abs(before.metrics!.accuracy! - EXPECTED.lenet5!.test_accuracy) <= 0.0005)
    assert.ok(pruned.metrics!.accuracy! < before.metrics!.accuracy!)
    assert.equal(evaluation!.examples, 10_000)
    const [low, high] = evaluation!.interval95!.before
    assert.ok(low < before.metrics!.accuracy! && before.metrics!.accuracy! < high)
    assert.ok(before.latencyMs!.p50 > 0 && pruned.latencyMs!.p95 >= pruned.latencyMs!.p50)
    assert.ok(pruned.bytes < before.bytes / 3, `${pruned.bytes} of ${before.bytes} bytes`)
    assert.equal(before.bytes, (await stat(pathOf('examples/lenet5.keras'))).size)
    assert.equal(before.gzipEstimated, false)
    assert.ok(Math.abs(before.gzipBytes / gzipSync(await readFile(pathOf('examples/lenet5.keras'))).length - 1) < 0.01)
    assert.equal(provenance.model.sha256, lenet.sha256)
    assert.deepEqual(outputs.map(({ format, verified, maxDifference }) => [format, verified, maxDifference]), formats.map((format) => [format, true, 0]))
    for (const { name, format } of job.artifacts) {
      const again = await service.client.uploadModel(await download(job, name))
      assert.equal(again.format, format)
      assert.equal(again.nonzeros, lenet.nonzeros - zeros)
      const { receipt } = await succeeded({ model: again.id, dataset, recipe: { method: 'evaluate', evaluation: { latency: false } } })
      assert.equal(receipt.before.metrics!.accuracy, pruned.metrics!.accuracy)
    }
  })

  for (const [file, name] of MODEL_FILES) {
    test(`${file}: evaluate gives Keras' predictions and accuracy`, async () => {
      const model = await service.client.uploadModel(pathOf(file))
      const job = await succeeded({ model: model.id, dataset, recipe: { method: 'evaluate', evaluation: { predictions: 8, latency: false } } })
      assert.ok(Math.abs(job.receipt.before.metrics!.accuracy! - EXPECTED[name]!.test_accuracy) <= 0.0005)
      assert.deepEqual(job.artifacts.map((artifact) => artifact.name), ['predictions.json'])
      const predictions = JSON.parse(await readFile(await download(job, 'predictions.json'), 'utf8')) as { inputs: number, outputs: number[][][] }
      assert.equal(predictions.inputs, 8)
      EXPECTED[name]!.first8.forEach((row, example) => row.forEach((value, at) => {
        assert.ok(Math.abs(value - predictions.outputs[0]![example]![at]!) < 1e-4)
      }))
    })
  }

  test('one request with model, data set and recipe', async () => {
    const form = new FormData()
    form.append('recipe', '{"method": "threshold", "target": {"threshold": 0.02}}')
    form.append('model', new Blob([await readFile(pathOf('test/fixtures/models/mlp.h5'))]), 'mlp.h5')
    form.append('dataset', new Blob([await readFile(pathOf(IMAGES))]), 'images.zip')
    const response = await fetch(new URL('/v1/jobs', service.url), { method: 'POST', body: form })
    assert.equal(response.status, 202)
    const job = await service.client.waitForJob(((await response.json()) as Job).id)
    assert.equal(job.state, 'succeeded', JSON.stringify(job.error))
    assert.deepEqual(job.artifacts.map(({ name, format }) => [name, format]), [['model.h5', 'keras-h5']])
    assert.ok(job.receipt!.after.sparsity > 0.2 && job.receipt!.after.sparsity < 1)
  })

  test('without evaluation nothing is measured, and the receipt says so', async () => {
    const { receipt } = await succeeded({ model: lenet.id, recipe: { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false } })
    assert.equal(receipt.before.metrics, null)
    assert.equal(receipt.after.latencyMs, null)
    assert.match(receipt.notMeasured!, /turns evaluation off/)
    assert.equal(receipt.outputs[0]!.verified, true)
  })

  test('a job that would change nothing fails and says why', async () => {
    const job = await run({ model: lenet.id, recipe: { method: 'threshold', target: { threshold: 1e-12 }, evaluation: false } })
    assert.equal(job.state, 'failed')
    assert.equal(job.error!.code, 'nothing-pruned')
    assert.deepEqual(job.artifacts, [])
  })

  test('data that does not fit is named in numbers', async () => {
    const arrays = { x: { shape: [4, 5], values: new Float32Array(20) }, y: { shape: [4], values: [0, 1, 2, 3] } }
    const form = new FormData()
    form.append('file', new Blob([await npzOf(arrays)]), 'small.npz')
    const small = await (await fetch(new URL('/v1/datasets', service.url), { method: 'POST', body: form })).json() as { id: string }
    const job = await run({ model: lenet.id, dataset: small.id, recipe: { method: 'magnitude', target: { sparsity: 0.5 } } })
    assert.equal(job.state, 'failed')
    assert.equal(job.error!.code, 'shape-mismatch')
    assert.match(job.error!.message, /28, 28, 1.*\[5\]/)
  })

  test('a cancelled job stops in the middle', async () => {
    const resnet = await service.client.uploadModel(pathOf('test/fixtures/models/resnet8.h5'))
    const { id } = await service.client.createJob({ model: resnet.id, dataset, recipe: { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: { batchSize: 2, latency: false } } })
    let job = await service.client.get<Job>(`/v1/jobs/${id}`)
    while (job.progress.stage !== 'evaluating' && job.state !== 'failed') {
      await sleep(50)
      job = await service.client.get<Job>(`/v1/jobs/${id}`)
    }
    await fetch(new URL(`/v1/jobs/${id}/cancel`, service.url), { method: 'POST' })
    job = await service.client.waitForJob(id)
    assert.equal(job.state, 'cancelled')
    assert.deepEqual(job.artifacts, [])
    assert.equal((await succeeded({ model: resnet.id, recipe: { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false } })).state, 'succeeded')
  })
})
