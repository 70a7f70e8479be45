/** Structured pruning of real models: channels really go, files load again, and targets are met. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { readModel } from '../../src/models/formats/index.ts'
import { openFile } from '../../src/worker/files.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'test/fixtures/models/lenet5.h5'
const RESNET = 'test/fixtures/models/resnet8.keras'
const QUIET = { evaluation: { latency: false } }

describe('structured pruning', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(2000) })
  after(async () => { await jobs.close() })

  test('half of the channels of every group of resnet8: what is coupled goes together', async () => {
    const { receipt } = await jobs.start('half', RESNET, { method: 'structured', scope: 'layer', target: { channels: 0.5 }, ...QUIET }, { dataset: jobs.dataset })
    const { before: given, after: made, structure, outputs } = receipt
    for (const group of structure!.groups) assert.equal(group.after, group.kept === undefined ? group.before / 2 : group.before)
    assert.ok(outputs.every(({ verified }) => verified))
    assert.deepEqual(structure!.groups[0], { name: 'conv2d_2', makers: ['conv2d_2', 'conv2d_4'], layers: ['conv2d_2', 'batch_normalization', 'conv2d_3', 'conv2d_4', 'batch_normalization_2', 'conv2d_5', 'conv2d_7'], before: 8, after: 4 })
    assert.ok(made.macs! < 0.27 * given.macs! && made.weights < 0.27 * given.weights && made.bytes < given.bytes / 2)
    assert.equal(made.compression, given.weights / made.nonzeros)
  })

  test('memory of activations: the least share that comes to it, or what the least is', async () => {
    // Convolution and pooling of 24 x 24 x 20 and 12 x 12 x 20 floats are the most at once: at most 57 % of it are 11 channels of 20.
    const start = async (peakMemory: number) => await jobs.start('memory', LENET, { method: 'structured', criterion: 'magnitude', target: { peakMemory }, evaluation: false, output: ['tflite'] })
    const { receipt: { search, outputs } } = await start(0.57)
    assert.deepEqual([search!.metric, search!.baseline, search!.allowed], ['bytes of activations at once', 57_600, Math.floor(0.57 * 57_600)])
    assert.equal(outputs[0]!.edge!.peakActivationBytes, 11 * 4 * (24 * 24 + 12 * 12))
    // One channel is left, and then the input beside its convolution is the most: 28 x 28 and 24 x 24.
    await assert.rejects(async () => await start(1000), { code: 'target-missed', message: /at most 1000 bytes of activations at once are asked for, but 5440 of 57600 stay when all channels went that may/ })
    await assert.rejects(async () => await start(57_600), { code: 'nothing-pruned' })
  })

  test('bytes of an export weigh its file', async () => {
    const { receipt: { search, outputs } } = await jobs.start('export', RESNET, { method: 'structured', criterion: 'magnitude', target: { bytes: 20_000, as: 'file' }, evaluation: false, output: ['tflite-dynamic', 'keras'] })
    assert.ok(outputs[0]!.bytes <= 20_000 && search!.baseline > 20_000, `${search!.baseline} to ${outputs[0]!.bytes}`)
    assert.equal(search!.curve.find(({ sparsity }) => sparsity === search!.chosen)!.value, outputs[0]!.bytes)
  })

  for (const [name, target, metric] of [['params', { params: 0.3 }, 'parameters'], ['macs', { macs: 0.5 }, 'multiplications'], ['bytes', { bytes: 600_000, as: 'file' }, 'bytes of the file']] as const) {
    test(`${name}: the least share that comes to it`, async () => {
      const { receipt } = await jobs.start(name, LENET, { method: 'structured', criterion: 'magnitude', target, evaluation: false })
      const { search, before, after } = receipt
      assert.equal(search!.metric, metric)
      const value = { params: after.weights, macs: after.macs!, bytes: after.bytes }[name]
      assert.ok(value <= search!.allowed && value > 0.95 * search!.allowed, `${value} of ${search!.allowed}`)
      assert.ok(after.weights < before.weights && after.nonzeros === after.weights)
      const source = await openFile(`${jobs.home}/${name}/model.h5`)
      const model = await readModel(source)
      assert.equal(model.layers.reduce((sum, { weights }) => sum + weights.reduce((own, { tensor }) => own + tensor.shape.reduce((all, size) => all * size, 1), 0), 0), after.weights)
      await source.close()
    })
  }

  test('accuracy, with what criteria look at', async () => {
    const { receipt } = await jobs.start('drop', LENET, { method: 'structured', criterion: 'taylor', target: { maxAccuracyDrop: 0.05 }, calibration: { examples: 300 }, search: { examples: 400, attempts: 5 }, evaluation: { latency: false, split: 0.5 } }, { dataset: jobs.dataset })
    assert.ok(receipt.search!.chosen! > 0.1 && receipt.after.macs! < receipt.before.macs!, JSON.stringify(receipt.search))
    assert.equal(receipt.calibration!.examples, 300)
  })

  test('latency: measured in turn with the given model', async () => {
    const { receipt } = await jobs.start('latency', RESNET, { method: 'structured', target: { latency: 0.85 }, search: { attempts: 3 } })
    const { search } = receipt
    assert.deepEqual([search!.metric, search!.goal], ['milliseconds', 'least'])
    assert.equal(search!.allowed, 0.85 * search!.baseline)
    assert.deepEqual(receipt.speed!.batches.map(({ batch }) => batch), [1, 64])
    assert.ok(receipt.speed!.layers.length > 5 && receipt.speed!.layers.every(({ before: given, after: made }) => given.p50 > 0 && made.p50 > 0))
    assert.ok(search!.curve.length <= 3 && search!.curve.at(-1)!.value < search!.baseline, JSON.stringify(search))
  })
})
