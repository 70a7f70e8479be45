/** Structured pruning over HTTP: a smaller file that loads again, with its groups in the receipt. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { readModel } from '../../src/models/formats/index.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { sizeOf } from '../../src/models/tensor.ts'
import type { TestService } from '../support/service.ts'
import { openStockedService } from '../support/stocked-service.ts'

describe('over HTTP', () => {
  let service: TestService, model: string, dataset: string

  before(async () => { ({ service, model, dataset } = await openStockedService('test/fixtures/models/resnet8.keras', 1000)) })
  after(async () => { await service.close() })

  for (const [name, recipe] of [
    ['at once', { method: 'structured', scope: 'layer', target: { channels: 0.5 }, calibration: { examples: 200 }, batchNorm: 'recalibrate' }],
    ['while training', { method: 'structured-iterative', target: { macs: 0.5 }, options: { rounds: 2 }, training: { epochs: 2, batchSize: 64 }, batchNorm: 'recalibrate', output: ['keras', 'keras-h5'] }],
  ] as const) {
    test(`channels go ${name}`, async () => {
      const { id } = await service.client.createJob({ model, dataset, recipe })
      const job = await service.client.waitForJob(id)
      assert.equal(job.state, 'succeeded', JSON.stringify(job.error))
      const { before: given, after: made, structure, outputs } = job.receipt!
      assert.ok(made.macs! <= 0.5 * given.macs! && made.weights < given.weights && made.bytes < given.bytes)
      assert.ok(structure!.channels.after < structure!.channels.before && structure!.groups.some(({ makers }) => makers.length > 1))
      assert.ok(made.latencyMs!.p50 > 0 && outputs.every(({ verified }) => verified))
      for (const { url } of job.artifacts) {
        const file = await readModel(bytesInMemory(new Uint8Array(await (await fetch(`${service.url}${url}`)).arrayBuffer())))
        assert.equal(file.layers.reduce((sum, { weights }) => sum + weights.reduce((own, { tensor, spec }) => own + (spec!.trainable ? sizeOf(tensor.shape) : 0), 0), 0), made.weights)
      }
    })
  }
})
