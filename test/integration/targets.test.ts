/** Targets of static methods on real models: what was asked is what the receipt and the files have. */
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readFile } from 'node:fs/promises'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'test/fixtures/models/lenet5.h5'
const RESNET = 'test/fixtures/models/resnet8.keras'
const QUIET = { evaluation: { latency: false, split: 0.5 } }

describe('targets', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(2000) })
  after(async () => { await jobs.close() })

  test('multiplications: the least sparsity under the limit', async () => {
    const { receipt } = await jobs.start('macs', LENET, { method: 'magnitude', scope: 'lamp', target: { macs: 400_000 }, evaluation: false })
    assert.ok(receipt.after.effectiveMacs! <= 400_000 && receipt.after.effectiveMacs! > 399_000, `${receipt.after.effectiveMacs}`)
    assert.equal(receipt.after.macs, receipt.before.macs)
    assert.equal(receipt.search!.metric, 'multiplications')
    assert.ok(receipt.search!.curve.length < 30, `${receipt.search!.curve.length} tries`)
  })

  test('bytes: of the file as it is written, and of the file after gzip', async () => {
    const file = (await jobs.start('file', LENET, { method: 'magnitude', target: { bytes: 600_000, as: 'file' }, evaluation: false })).receipt
    const { size } = await stat(`${jobs.home}/file/model.h5`)
    assert.equal(file.after.bytes, size)
    assert.ok(size <= 600_000 && size > 590_000, `${size}`)
    const zipped = (await jobs.start('gzip', LENET, { method: 'magnitude', target: { bytes: 400_000 }, compress: false, evaluation: false })).receipt
    const own = gzipSync(await readFile(`${jobs.home}/gzip/model.h5`)).length
    // This program compresses in pieces, each with a head of its own.
    assert.ok(Math.abs(own - zipped.after.gzipBytes) < 0.01 * own, `${own} by zlib, ${zipped.after.gzipBytes} in the receipt`)
    assert.ok(zipped.after.gzipBytes <= 400_000 && zipped.after.gzipBytes > 390_000, `${zipped.after.gzipBytes}`)
    assert.ok(zipped.search!.curve.length <= 10)
  })

  test('a drop of accuracy: few evaluations, over examples that are not reported', async () => {
    const { receipt } = await jobs.start('drop', LENET, { method: 'one-shot', criterion: 'wanda', target: { maxAccuracyDrop: 0.02 }, calibration: { examples: 300 }, search: { examples: 400 }, ...QUIET }, { dataset: jobs.dataset })
    const { search } = receipt
    assert.deepEqual([search!.goal, search!.examples, search!.curve.length], ['largest', 400, 10])
    assert.equal(receipt.evaluation!.examples, 1000)
    assert.equal(receipt.calibration!.examples, 300)
    assert.equal(search!.chosen, Math.max(...search!.curve.filter(({ held }) => held).map(({ sparsity }) => sparsity)))
    for (const { value, held } of search!.curve) assert.equal(held, value >= search!.baseline - 0.02)
    assert.ok(Math.abs(receipt.after.sparsity - search!.chosen!) < 1e-5)
    assert.ok(receipt.after.sparsity > 0.7 && receipt.after.metrics!.accuracy! > receipt.before.metrics!.accuracy! - 0.06, JSON.stringify([receipt.after.sparsity, receipt.after.metrics]))
  })

  test('an accuracy that cannot be kept fails with the whole curve; sparsegpt is searched for too', async () => {
    await assert.rejects(jobs.start('hopeless', LENET, { method: 'magnitude', target: { minAccuracy: 0.999 }, search: { attempts: 3 }, ...QUIET }, { dataset: jobs.dataset }), ({ code, message, details }: any) => {
      assert.equal(code, 'target-missed')
      assert.match(message, /no sparsity from 0 on kept the accuracy at 0\.9990 or above .* in 3 evaluations/)
      assert.equal(details.search.curve.length, 3)
      return true
    })
    const { receipt } = await jobs.start('sparsegpt', LENET, { method: 'sparsegpt', target: { maxAccuracyDrop: 0.05 }, calibration: { examples: 200 }, search: { attempts: 3, examples: 300, low: 0.5, high: 0.99 }, ...QUIET }, { dataset: jobs.dataset })
    assert.ok(receipt.search!.chosen! > 0.9, JSON.stringify(receipt.search))
  })

  test('the scope sensitivity gives up what costs least: better than the same sparsity everywhere', async () => {
    const accuracy = async (scope: string): Promise<number> => (await jobs.start(scope, LENET, { method: 'magnitude', scope, target: { sparsity: 0.9 }, ...QUIET }, { dataset: jobs.dataset })).receipt.after.metrics!.accuracy!
    const { receipt } = await jobs.start('scan', LENET, { method: 'magnitude', scope: 'sensitivity', target: { sparsity: 0.9 }, calibration: { examples: 500 }, ...QUIET }, { dataset: jobs.dataset })
    const { weights, nonzeros } = receipt.layers.reduce((sum, layer) => ({ weights: sum.weights + layer.weights, nonzeros: sum.nonzeros + layer.nonzeros }), { weights: 0, nonzeros: 0 })
    assert.equal(weights - nonzeros, Math.floor(0.9 * weights + 0.5))
    assert.deepEqual(receipt.sensitivity!.map(({ layer }) => layer), receipt.layers.map(({ name }) => name))
    for (const { points } of receipt.sensitivity!) assert.ok(points.length === 10 && points[0]!.loss === receipt.sensitivity![0]!.points[0]!.loss)
    for (const { asked, achieved } of receipt.layers) assert.ok(Math.abs(asked! - achieved) < 1e-3)
    assert.match(receipt.calibration!.observed, /each layer alone/)
    const even = await accuracy('layer')
    assert.ok(receipt.after.metrics!.accuracy! > even + 0.1, `${receipt.after.metrics!.accuracy}, ${even} with the same sparsity everywhere`)
  })

  test('recalibrated batch normalisation mends a pruned residual network', async () => {
    const prune = async (name: string, batchNorm: string): Promise<any> => (await jobs.start(name, RESNET, { method: 'magnitude', scope: 'layer', target: { sparsity: 0.7 }, batchNorm, ...(batchNorm === 'recalibrate' && { calibration: { examples: 500 } }), ...QUIET }, { dataset: jobs.dataset })).receipt
    const [kept, mended] = [await prune('keep', 'keep'), await prune('recalibrate', 'recalibrate')]
    assert.equal(kept.batchNorm, undefined)
    assert.deepEqual(mended.batchNorm, { layers: 9, examples: 500 })
    assert.equal(mended.after.nonzeros, kept.after.nonzeros)
    assert.ok(mended.after.metrics.accuracy > kept.after.metrics.accuracy + 0.05, `${mended.after.metrics.accuracy}, ${kept.after.metrics.accuracy} without`)
  })
})
