/** Summaries and counts of real models, against numbers that follow from their architectures. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Check } from 'typebox/value'
import { ModelSummary } from '../../../src/jobs/resources.ts'
import { countModel } from '../../../src/models/counts.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { EXPECTED } from '../../support/fixtures.ts'
import { modelOf, pruned } from './formats-helpers.ts'

const LENET = 'examples/lenet5.keras'
const RESNET = 'test/fixtures/models/resnet8.keras'

describe('summary', () => {
  test('LeNet-5: sizes, shapes, layers; it fits the schema of the API', async () => {
    const summary = await summarizeModel(await modelOf(LENET))
    assert.ok(Check(ModelSummary, summary))
    const { format, weights, prunableWeights, macs, inputs, outputs, runnable, producer } = summary
    // Two convolutions of 5 x 5 (20 and 50 filters, valid) and two dense layers on 800 values; 580 biases.
    assert.deepEqual({ format, weights, prunableWeights, macs, inputs, outputs, runnable, producer }, {
      format: 'keras', weights: 431_080, prunableWeights: 430_500, macs: 24 * 24 * 500 + 8 * 8 * 25_000 + 400_000 + 5_000,
      inputs: [[null, 28, 28, 1]], outputs: [[null, 10]], runnable: true, producer: { kerasVersion: '3.15.1' },
    })
    const row = summary.layers.find(({ name }) => name === 'conv2d_1')!
    assert.deepEqual({ ...row, nonzeros: 0 }, { name: 'conv2d_1', type: 'Conv2D', shape: [null, 8, 8, 50], weights: 25_050, nonzeros: 0, prunableWeights: 25_000, prunable: true })
    assert.match(summary.layers.find(({ type }) => type === 'Flatten')!.reason!, /no weights/)
  })

  test('normalisation is left alone and says why; its statistics are no parameters', async () => {
    const model = await modelOf(RESNET)
    const summary = await summarizeModel(model)
    const rows = summary.layers.filter(({ type }) => type === 'BatchNormalization')
    assert.ok(rows.length === 9 && rows.every(({ prunable, reason }) => !prunable && reason !== undefined && reason !== ''))
    const statistics = rows.reduce((sum, { weights }) => sum + weights / 2, 0)
    assert.equal(summary.weights, EXPECTED.resnet8!.parameters)
    assert.equal((await countModel(model)).weights, EXPECTED.resnet8!.parameters - statistics)
  })
})

describe('counts', () => {
  test('in a model of dense layers every nonzero kernel weight is one multiplication', async () => {
    const model = await modelOf('test/fixtures/models/mlp.keras')
    const kernels = 784 * 300 + 300 * 100 + 100 * 10
    const before = await countModel(model)
    assert.deepEqual([before.weights, before.macs], [kernels + 410, kernels])
    const after = await countModel(model, await pruned(model, 0.9))
    assert.equal(after.effectiveMacs, kernels - Math.floor(0.9 * kernels + 0.5))
    assert.deepEqual([after.weights, after.macs], [before.weights, before.macs])
    assert.equal(before.nonzeros - after.nonzeros, Math.floor(0.9 * kernels + 0.5) - (before.weights - before.nonzeros))
  })
})
