/** The stages that change the form of a model, on real models: what is made predicts as it should, and every file of it reads back. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createPredictor } from '../../src/engine/predict.ts'
import type { JobDataset } from '../../src/methods/job-types.ts'
import { randomInputs } from '../../src/methods/random-inputs.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { foldNorms } from '../../src/pruning/fold/fold.ts'
import { factorized } from '../support/factorized.ts'
import { openFixture } from '../support/fixtures.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'examples/lenet5.keras'
const RESNET = 'test/fixtures/models/resnet8.keras'
const QUIET = { method: 'chain', evaluation: { latency: false } } as const

interface LowRankRecord { layers: Array<{ layer: string, kind: string, rank: number[], macsBefore: number, macsAfter: number, error: number }>, skipped: Array<{ layer: string, reason: string }>, macs: { before: number, after: number }, energy: number }

describe('stages that change the form', () => {
  let jobs: Jobs, dataset: JobDataset

  before(async () => {
    jobs = await createJobs(1500);
    ({ dataset } = jobs)
  })
  after(async () => { await jobs.close() })

  /** The largest difference of outputs, by value where these are above 1. */
  async function difference (one: ModelFile, other: ModelFile): Promise<number> {
    const inputs = randomInputs(one.architecture.graph!, 8, 1)
    const outputs = []
    for (const model of [one, other]) {
      const predictor = await createPredictor(jobs.engine.tf, model)
      outputs.push(await predictor.predict(inputs))
      predictor.dispose()
    }
    const [first, second] = outputs as [typeof outputs[number], typeof outputs[number]]
    return Math.max(...first.flatMap(({ values }, output) => [...values].map((value, at) => Math.abs(value - second[output]!.values[at]!) / Math.max(1, Math.abs(value)))))
  }

  for (const file of [LENET, RESNET, 'test/fixtures/models/resnet8.h5', 'test/fixtures/models/mlp-keras2.h5', 'test/fixtures/formats/nested.keras', 'test/fixtures/formats/nested.h5', 'test/fixtures/formats/convolutions.keras']) {
    test(`${file}: at full rank and after folding it predicts the same`, async () => {
      const source = await openFixture(file)
      const model = await readModel(source)
      const full = await factorized(model, 1)
      assert.ok(full.layers.length > model.layers.length)
      const apart = await difference(model, full)
      assert.ok(apart < 1e-5, String(apart))
      const { model: folded } = await foldNorms(model)
      const moved = await difference(model, folded)
      assert.ok(moved < 1e-5, String(moved))
      await source.close()
    })
  }

  test('LeNet-5: half the multiplications of its layers, trained on, and written in every format', async () => {
    const stages = [{ stage: 'low-rank', macs: 0.5 }, { stage: 'fine-tune', training: { epochs: 1, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.0005 } } }]
    const { receipt } = await jobs.start('lenet', LENET, { ...QUIET, output: ['keras', 'keras-h5', 'tfjs-layers', 'onnx-export', 'tflite'], stages }, { dataset })
    const record = receipt.stages![0] as unknown as LowRankRecord
    const [before, now] = [record.layers.reduce((sum, one) => sum + one.macsBefore, 0), record.layers.reduce((sum, one) => sum + one.macsAfter, 0)]
    assert.ok(now <= 0.5 * receipt.before.macs!, `${now} of ${before}`)
    assert.equal(record.macs.before, receipt.before.macs)
    assert.equal(record.macs.after, receipt.after.macs)
    assert.equal(record.macs.before - record.macs.after, before - now)
    assert.ok(record.layers.every(({ error, macsBefore, macsAfter }) => error >= 0 && error ** 2 <= 1 - record.energy + 1e-9 && macsAfter < macsBefore))
    assert.deepEqual(receipt.outputs.map(({ verified }) => verified), [true, true, true, true, true])
    assert.ok(receipt.after.metrics!.accuracy! > receipt.before.metrics!.accuracy! - 0.05, JSON.stringify([receipt.before.metrics, receipt.after.metrics]))
  })

  test('ranks are searched by accuracy over examples that are not reported', async () => {
    const { receipt } = await jobs.start('search', LENET, { ...QUIET, stages: [{ stage: 'low-rank', maxAccuracyDrop: 0.03, layers: ['dense*'], search: { attempts: 6, examples: 300 } }] }, { dataset })
    const { search, layers } = receipt.stages![0] as unknown as LowRankRecord & { search: { curve: Array<{ sparsity: number, value: number, held: boolean }>, chosen: number, allowed: number, examples: number } }
    assert.ok(search.curve.length <= 6 && search.curve.some(({ held, sparsity }) => held && sparsity === search.chosen))
    assert.equal(search.examples, 300)
    assert.ok(layers.every(({ layer }) => layer.startsWith('dense')))
    assert.equal(receipt.outputs[0]!.verified, true)
  })

  test('layers with zeros are skipped by name; with nothing else to factorize the job fails', async () => {
    const prune = { stage: 'prune', method: 'magnitude', target: { sparsity: 0.5 }, layers: [{ match: 'dense*', skip: true }] }
    const { receipt } = await jobs.start('zeros', LENET, { ...QUIET, evaluation: false, stages: [prune, { stage: 'low-rank' }] })
    const { layers, skipped } = receipt.stages![1] as unknown as LowRankRecord
    assert.ok(layers.length > 0 && layers.every(({ layer }) => layer.startsWith('dense')))
    assert.match(skipped.find(({ layer }) => layer === 'conv2d_1')!.reason, /of its 25000 weights are zero/)
    await assert.rejects(jobs.start('none', LENET, { ...QUIET, evaluation: false, stages: [{ ...prune, layers: [], scope: 'layer' }, { stage: 'low-rank' }] }), { code: 'nothing-pruned', message: /none can be/ })
    await assert.rejects(jobs.start('high', LENET, { ...QUIET, evaluation: false, stages: [{ stage: 'low-rank', energy: 1 }] }), { code: 'nothing-pruned', message: /save no multiplications/ })
    await assert.rejects(jobs.start('least', LENET, { ...QUIET, evaluation: false, stages: [{ stage: 'low-rank', macs: 0.0001 }] }), { code: 'target-missed', message: /even at rank 1/ })
    await assert.rejects(jobs.start('name', LENET, { ...QUIET, evaluation: false, stages: [{ stage: 'low-rank', layers: ['dens'] }] }), { code: 'invalid-recipe', message: /matches no layer/ })
  })

  test('resnet8 pruned, folded and written: zeros stay, no batch normalisation is left, metrics are the same', async () => {
    const prune = { stage: 'prune', method: 'magnitude', target: { sparsity: 0.5 } }
    const pruned = await jobs.start('pruned', RESNET, { ...QUIET, stages: [prune] }, { dataset })
    const { receipt } = await jobs.start('folded', RESNET, { ...QUIET, output: ['keras', 'keras-h5', 'tfjs-layers', 'onnx-export', 'tflite'], stages: [prune, { stage: 'fold' }] }, { dataset })
    const { folded, kept, zeros } = receipt.stages![1] as unknown as { folded: Array<{ layer: string, into: string }>, kept: unknown[], zeros: { before: number, after: number } }
    assert.ok(folded.length > 0)
    assert.equal(zeros.after, zeros.before)
    assert.deepEqual(kept, [])
    assert.deepEqual(receipt.outputs.map(({ verified }) => verified), [true, true, true, true, true])
    assert.equal(receipt.after.metrics!.accuracy, pruned.receipt.after.metrics!.accuracy)
    assert.ok(Math.abs(receipt.after.metrics!.loss! - pruned.receipt.after.metrics!.loss!) < 1e-5)
    await assert.rejects(jobs.start('no-norms', LENET, { ...QUIET, evaluation: false, stages: [{ stage: 'fold' }] }), { code: 'nothing-pruned', message: /has no batch normalisation/ })
  })
})
