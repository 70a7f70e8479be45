/** Methods that prune while they train, each as a whole job: targets are met exactly, counts add up, and each does what its name says. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Receipt } from '../../src/methods/receipt.ts'
import { SCOPES } from '../../src/pruning/allocation/index.ts'
import { pathOf } from '../support/fixtures.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const MLP = 'test/fixtures/models/mlp.keras'
const RESNET = 'test/fixtures/models/resnet8.keras'
const TRAINING = { epochs: 3, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.002 } }
const PRUNABLE = 266_200

/** Of the residual network's convolutions. */
const FILTERS: Readonly<Record<string, number>> = { conv2d_2: 8, conv2d_3: 8, conv2d_4: 8, conv2d_5: 16, conv2d_6: 16, conv2d_7: 16, conv2d_8: 32, conv2d_9: 32, conv2d_10: 32 }

/** Output channels, along the last axis, all of whose weights are zero. */
function zeroChannels (kernel: Float32Array, channels: number): number {
  return Array.from({ length: channels }, (_, channel) => kernel.every((value, at) => at % channels !== channel || value === 0)).filter(Boolean).length
}

describe('methods that prune while they train', () => {
  let jobs: Jobs
  before(async () => { jobs = await createJobs(1500) })
  after(async () => { await jobs.close() })

  async function prune (name: string, recipe: object, file = MLP): Promise<{ receipt: Receipt, weights: Map<string, Float32Array> }> {
    const { receipt } = await jobs.start(name, file, { training: TRAINING, evaluation: { latency: false }, ...recipe }, { dataset: jobs.dataset })
    return { receipt, weights: await jobs.weights(path.join(jobs.home, name, 'model.keras')) }
  }

  /** The counts of a receipt, taken from the written file, and along the updates. */
  function assertAddsUp (receipt: Receipt, weights: ReadonlyMap<string, Float32Array>): void {
    for (const layer of receipt.layers.filter(({ skipped }) => skipped === undefined)) {
      const kernels = [...weights].filter(([name]) => name.startsWith(`${layer.name}/`) && /kernel/.test(name))
      const nonzeros = kernels.reduce((sum, [, values]) => sum + values.filter((value) => value !== 0).length, 0)
      assert.equal(layer.nonzeros, nonzeros, layer.name)
    }
    let zeros = 0
    const pool = receipt.after.prunableWeights
    for (const { pruned, spliced, net, sparsity } of receipt.updates!) {
      zeros += pruned - spliced
      assert.equal(net, pruned - spliced)
      assert.ok(Math.abs(zeros / pool - sparsity) < 1e-9, `${zeros} of ${pool} and ${sparsity}`)
    }
  }

  for (const [method, options] of [
    ['gradual', undefined], ['surgery', {}], ['sensitivity', {}], ['sensitivity', { score: 'gradient' }], ['movement', {}], ['movement', { mode: 'soft' }],
    ['l1', {}], ['l1', { variant: 'subgradient' }], ['l0', {}], ['variational', {}], ['rigl', {}], ['set', {}], ['lottery', { rounds: 3 }], ['iterative', { rounds: 3 }],
  ] as const) {
    test(`${method} ${JSON.stringify(options ?? '')} reaches its target and its counts add up`, async () => {
      const { receipt, weights } = await prune(`target-${method}-${Object.values(options ?? {}).join('-')}`, { method, target: { sparsity: 0.9 }, ...(options && { options }) })
      assert.equal(receipt.after.prunableWeights - receipt.layers.reduce((sum, { nonzeros }) => sum + nonzeros, 0), 0.9 * PRUNABLE)
      assertAddsUp(receipt, weights)
      assert.ok(receipt.after.metrics!.accuracy! > 0.5, `accuracy ${receipt.after.metrics!.accuracy}`)
    })
  }

  test('gradual takes more with every update and gives nothing back', async () => {
    const { receipt } = await prune('monotone', { method: 'gradual', target: { sparsity: 0.8 }, schedule: { every: 2, initial: 0.2 } })
    const updates = receipt.updates!
    assert.ok(updates.length > 10)
    assert.ok(Math.abs(updates[0]!.sparsity - 0.2) < 1e-5)
    for (const [index, { sparsity, asked, spliced }] of updates.entries()) {
      assert.equal(spliced, 0)
      assert.equal(sparsity, asked)
      if (index > 0) assert.ok(sparsity > updates[index - 1]!.sparsity)
    }
  })

  test('surgery splices weights back, and cuts at mean + c deviations where c is given', async () => {
    const { receipt } = await prune('spliced', { method: 'surgery', target: { sparsity: 0.95 }, schedule: { type: 'constant', every: 1 } })
    assert.ok(receipt.updates!.reduce((sum, { spliced }) => sum + spliced, 0) > 100, `${receipt.updates!.reduce((sum, { spliced }) => sum + spliced, 0)} came back`)
    const { receipt: cut } = await prune('cut', { method: 'surgery', options: { c: 1 }, schedule: { end: 0 } })
    const given = await jobs.weights(pathOf(MLP))
    let expected = 0
    for (const [name, values] of given) {
      if (!name.endsWith('/kernel')) continue
      const sizes = [...values].map(Math.abs)
      const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
      const deviation = Math.sqrt(sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / sizes.length)
      expected += sizes.filter((size) => size <= 0.9 * (mean + deviation)).length
    }
    assert.deepEqual(cut.updates!.map(({ step, asked }) => [step, asked]), [[0, null]])
    assert.ok(Math.abs(cut.updates![0]!.pruned - expected) <= 2, `${cut.updates![0]!.pruned} for ${expected}`)
    assert.equal(Math.round(cut.after.sparsity * PRUNABLE), cut.updates![0]!.pruned)
  })

  test('methods that are sparse from the first step keep their density, by layer as the scope says', async () => {
    for (const method of ['rigl', 'set']) {
      const { receipt } = await prune(`constant-${method}`, { method, target: { sparsity: 0.9 }, schedule: { every: 5 } })
      const [start, ...rewired] = receipt.updates!
      assert.ok(start!.sparsity === 0.9 && rewired.length > 3)
      for (const { sparsity, pruned, spliced } of rewired) {
        assert.equal(sparsity, 0.9)
        assert.equal(pruned, spliced)
      }
      const pool = [[784, 300], [300, 100], [100, 10]].map((shape, index) => ({ layer: String(index), shape, weights: shape[0]! * shape[1]! }))
      const expected = SCOPES.erk.allocate(pool, 0.9).map(({ zeros }) => zeros)
      const zeros = receipt.layers.map(({ weights, nonzeros }) => weights - nonzeros)
      zeros.forEach((count, index) => { assert.ok(Math.abs(count - expected[index]!) <= 0.001 * pool[index]!.weights, `${method}: ${zeros} for ${expected}`) })
    }
  })

  test('with n:m every four weights of an output along the inputs have two zeros, with blocks whole blocks go', async () => {
    for (const method of ['gradual', 'surgery', 'iterative']) {
      const { weights } = await prune(`nm-${method}`, { method, granularity: { type: 'n:m', n: 2, m: 4 } })
      const kernel = weights.get('dense/kernel')!
      for (let output = 0; output < 300; output++) {
        for (let row = 0; row < 784; row += 4) {
          const zeros = [0, 1, 2, 3].filter((at) => kernel[(row + at) * 300 + output] === 0).length
          assert.ok(zeros >= 2, `${method}: ${zeros} zeros at row ${row} of output ${output}`)
        }
      }
    }
    const { weights, receipt } = await prune('blocks', { method: 'gradual', target: { sparsity: 0.75 }, granularity: { type: 'block', rows: 4, columns: 5 } })
    const kernel = weights.get('dense/kernel')!
    for (let row = 0; row < 784; row += 4) {
      for (let column = 0; column < 300; column += 5) {
        const values = Array.from({ length: 20 }, (_, at) => kernel[(row + Math.floor(at / 5)) * 300 + column + at % 5]!)
        assert.ok(values.every((value) => value === 0) || values.some((value) => value !== 0))
        const zeros = values.filter((value) => value === 0).length
        assert.ok(zeros === 20 || zeros < 10, `${zeros} of 20`)
      }
    }
    assert.ok(Math.abs(receipt.after.sparsity - 0.75) < 0.001)
  })

  for (const method of ['gradual', 'group-lasso', 'slimming', 'l0']) {
    test(`${method} takes whole channels, and none of the outputs`, async () => {
      const { receipt, weights } = await prune(`channels-${method}`, { method, target: { sparsity: 0.3 }, granularity: { type: 'channel' }, scope: 'layer' }, RESNET)
      assertAddsUp(receipt, weights)
      const head = receipt.layers.at(-1)!
      assert.match(head.skipped!, /outputs of the model/)
      let gone = 0
      for (const { name, skipped, nonzeros, weights: size } of receipt.layers) {
        if (skipped !== undefined) continue
        const kernel = weights.get(`${name}/kernel`)!
        const channels = FILTERS[name]!
        gone += zeroChannels(kernel, channels)
        const perChannel = size / channels
        assert.equal((size - nonzeros) % perChannel, 0, `${name} loses whole channels`)
      }
      assert.ok(gone > 10)
      if (method === 'slimming') assert.ok([...weights].filter(([name]) => name.endsWith('/gamma')).some(([, values]) => values.includes(0)))
    })
  }

  test('fresh weights, layers with a sparsity of their own, skipped layers and biases', async () => {
    const { receipt, weights } = await prune('exceptions', {
      method: 'gradual', target: { sparsity: 0.5 }, training: { ...TRAINING, from: 'scratch', epochs: 4 },
      layers: [{ match: 'dense_1', sparsity: 0.9 }, { match: 'dense_2', skip: true }, { match: 'dense/bias', skip: false }],
    })
    const rows = new Map(receipt.layers.map((row) => [row.name, row]))
    assert.deepEqual([rows.get('dense_1')!.asked, rows.get('dense_1')!.nonzeros], [0.9, 3000])
    assert.match(rows.get('dense_2')!.skipped!, /the recipe skips it/)
    assert.equal(rows.get('dense')!.weights, 235_500)
    assert.equal(rows.get('dense')!.nonzeros, 117_750)
    const given = await jobs.weights(pathOf(MLP))
    assert.notDeepEqual([...weights.get('dense_2/kernel')!].slice(0, 5), [...given.get('dense_2/kernel')!].slice(0, 5))
    assert.ok(receipt.after.metrics!.accuracy! > 0.5)
  })

  test('the best epoch is one that has the target', async () => {
    const { receipt } = await prune('best', { method: 'gradual', target: { sparsity: 0.97 }, schedule: { end: '50%' }, training: { ...TRAINING, epochs: 6, validation: 0.2 } })
    const { epochs, restoredEpoch } = receipt.training!
    assert.ok(restoredEpoch! >= 4)
    const accuracies = epochs.map(({ validation }) => validation!.metrics.accuracy!)
    assert.equal(accuracies[restoredEpoch! - 1], Math.max(...accuracies.slice(3)))
    assert.equal(receipt.after.sparsity, Math.round(0.97 * PRUNABLE) / PRUNABLE)
  })

  test('a drop of accuracy is searched for, and one that cannot be held fails, saying how far it came', async () => {
    const training = { ...TRAINING, validation: 0.2, epochs: 2 }
    const { receipt } = await prune('drop', { method: 'gradual', target: { maxAccuracyDrop: 0.1 }, training, search: { attempts: 4, low: 0.3, high: 0.999 } })
    const { curve, chosen, allowed } = receipt.search!
    assert.equal(curve.length, 4)
    for (const { value, held } of curve) assert.equal(held, value >= allowed)
    assert.equal(chosen, Math.max(...curve.filter(({ held }) => held).map(({ sparsity }) => sparsity)))
    assert.ok(Math.abs(receipt.after.sparsity - chosen!) < 1e-4)
    const again = await prune('found', { method: 'gradual', target: { sparsity: chosen! }, training })
    assert.equal(again.receipt.outputs[0]!.sha256, receipt.outputs[0]!.sha256, 'the sparsity that was found gives the same model')
    const hopeless = prune('hopeless', { method: 'gradual', target: { maxAccuracyDrop: 0 }, training: { ...training, optimizer: { type: 'sgd', learningRate: 1e-6 } }, search: { attempts: 2, low: 0.98, high: 0.99 } })
    await assert.rejects(hopeless, { code: 'target-missed', message: /no sparsity from 0.98 on kept the accuracy at 0\.\d+ or above \(0\.\d+ before\) in 2 trainings: the best, at sparsity 0\.98\d*, came to 0\.\d+/ })
  })

  test('what cannot work fails and says why', async () => {
    const rejects = async (recipe: object, expected: object) => { await assert.rejects(prune('rejected', recipe), expected) }
    await rejects({ method: 'gradual', target: { sparsity: 0.9 }, layers: [{ match: 'conv', skip: true }] }, { code: 'invalid-recipe', message: /"conv" matches no layer/ })
    await rejects({ method: 'gradual', target: { sparsity: 0.9 }, layers: [{ match: '**', skip: true }] }, { code: 'nothing-pruned', message: /the recipe skips it/ })
    await rejects({ method: 'slimming', target: { sparsity: 0.5 } }, { code: 'nothing-pruned', message: /no trained batch normalisation/ })
    await rejects({ method: 'gradual', target: { sparsity: 0.9 }, schedule: { end: 5000 } }, { code: 'invalid-recipe', message: /the run has 57 steps/ })
    await rejects({ method: 'lottery', target: { sparsity: 0.9 }, options: { rounds: 3, rewind: 40 } }, { code: 'invalid-recipe', message: /a round has 19 steps/ })
    await rejects({ method: 'gradual', target: { sparsity: 0.9 }, training: { ...TRAINING, timeBudget: 0.001 } }, { code: 'target-missed', message: /ended by time-budget/ })
  })
})
