/** The arithmetic of methods that prune while they train, without a device. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createUpdateLog, inPairs } from '../../../src/methods/dynamic/mask-updates.ts'
import { nextStrength } from '../../../src/methods/dynamic/penalty-control.ts'
import { encodeSearch, loadSearch, type SearchState } from '../../../src/methods/dynamic/search-checkpoint.ts'
import { between, leastZeros, nextSparsity, type Tried } from '../../../src/methods/search-curve.ts'
import type { TrainedModel } from '../../../src/methods/dynamic/train-model.ts'
import { thresholdOf } from '../../../src/methods/dynamic/surgery.ts'
import { uniformAt } from '../../../src/pruning/draws.ts'

describe('the search for a sparsity', () => {
  /** Attempts that hold up to `edge`. */
  function search (edge: number, attempts: number): Array<{ sparsity: number, value: number, held: boolean }> {
    const curve: Array<{ sparsity: number, value: number, held: boolean }> = []
    for (;;) {
      const sparsity = nextSparsity(curve, { low: 0.5, high: 0.995 }, attempts)
      if (sparsity === null) return curve
      curve.push({ sparsity, value: 1, held: sparsity <= edge })
    }
  }

  test('closes in on the edge by density', () => {
    fc.assert(fc.property(fc.double({ min: 0.5, max: 0.99, noNaN: true }), (edge) => {
      const best = Math.max(...search(edge, 12).filter(({ held }) => held).map(({ sparsity }) => sparsity))
      assert.ok(best <= edge && (1 - best) / (1 - edge) < 1.02, `${best} for ${edge}`)
    }))
  })

  test('between two sparsities lies the geometric mean of what is left', () => {
    assert.ok(Math.abs(between({ low: 0, high: 0.99 }) - 0.9) < 1e-12)
  })

  test('a size is brought down to the last zero, whatever its curve, in few steps where it is straight', async () => {
    const least = async (size: (zeros: number) => number, allowed: number, weights: number): Promise<{ zeros: number, steps: number }> => {
      let steps = 0
      const at = async (zeros: number): Promise<Tried> => {
        steps++
        return { zeros, value: size(zeros) }
      }
      const { zeros } = await leastZeros({ above: { zeros: 0, value: size(0) }, below: { zeros: weights, value: size(weights) }, allowed, nearEnough: Infinity, attempts: 100 }, at)
      return { zeros, steps }
    }
    await fc.assert(fc.asyncProperty(fc.integer({ min: 2, max: 1e8 }), fc.double({ min: 0.1, max: 8, noNaN: true }), fc.double({ min: 0.001, max: 0.999, noNaN: true }), async (weights, power, share) => {
      const size = (zeros: number): number => Math.floor(1e6 * (1 - zeros / weights) ** power)
      const allowed = Math.floor(1e6 * share)
      const { zeros, steps } = await least(size, allowed, weights)
      assert.ok(size(zeros) <= allowed && (zeros === 0 || size(zeros - 1) > allowed), `${zeros}`)
      assert.ok(steps <= 64, `${steps} steps`)
    }))
    assert.ok((await least((zeros) => 431_080 - zeros, 5000, 430_500)).steps <= 3)
  })

  test('where nothing holds, the last attempt is the least', () => {
    const curve = search(0.1, 5)
    assert.equal(curve.length, 5)
    assert.equal(curve.at(-1)!.sparsity, 0.5)
    assert.ok(curve.every(({ held }) => !held))
  })

  test('a checkpoint gives back the curve, the best attempt and the training under way', async () => {
    const weights = new Map([['a', Float32Array.of(1, 0, -2)], ['b', Float32Array.of(0.5)]])
    const record = { data: 'all', epochs: [] } as unknown as TrainedModel['record']
    const state: SearchState = { curve: [{ sparsity: 0.9, value: 0.8, held: true }], best: { sparsity: 0.9, pruned: { trained: { weights, record }, updates: [], sparsity: 0.9, gone: [[3, 5], []], batchNorm: { layers: 2, examples: 10 } } } }
    const begun: SearchState = { curve: [], best: null }
    for (const [given, inner] of [[state, Uint8Array.of(1, 2, 3)], [begun, Uint8Array.of()]] as const) {
      const loaded = await loadSearch({ load: async () => encodeSearch(given, inner), save: async () => {} })
      assert.deepEqual(loaded, { state: given, inner })
    }
    const bytes = encodeSearch(state, Uint8Array.of(1))
    for (const length of [0, 3, 10, bytes.length / 2]) {
      await assert.rejects(loadSearch({ load: async () => bytes.subarray(0, length), save: async () => {} }), { code: 'invalid-request', details: { checkpoint: true } })
    }
  })
})

describe('updates of masks', () => {
  const tensors = [{ name: 'a/kernel', weights: 100 }, { name: 'b/kernel', weights: 300 }] as unknown as Parameters<typeof createUpdateLog>[0]['tensors']

  test('are counted over all weights, and told by weight at most once a second', () => {
    let now = 0
    const log = createUpdateLog({ tensors, weights: 400 }, () => now)
    assert.equal(log.takeFigures(), null)
    assert.deepEqual(log.add(5, [10, 0, 10, 30, 0, 30], 40), { step: 5, asked: 0.1, sparsity: 0.1, pruned: 40, spliced: 0, net: 40 })
    assert.deepEqual(log.takeFigures(), { sparsity: 0.1, asked: 0.1, pruned: 40, spliced: 0, 'sparsity/a/kernel': 0.1, 'sparsity/b/kernel': 0.1 })
    now = 500
    log.add(6, [5, 1, 14, 0, 6, 24], null)
    assert.equal(log.takeFigures(), null)
    now = 1000
    log.add(7, [2, 0, 16, 0, 0, 24], null)
    assert.deepEqual(log.takeFigures(), { sparsity: 0.1, pruned: 7, spliced: 7, 'sparsity/a/kernel': 0.16, 'sparsity/b/kernel': 0.08 })
    assert.equal(log.takeFigures(), null)
  })

  test('of very many, neighbours are put together and no count is lost', () => {
    const log = createUpdateLog({ tensors, weights: 400 })
    for (let step = 0; step < 5000; step++) log.add(step, [1, 0, step % 7, 0, 1, 3], step)
    assert.ok(log.updates.length <= 1000)
    assert.equal(log.updates.reduce((sum, { pruned }) => sum + pruned, 0), 5000)
    assert.equal(log.updates.at(-1)!.step, 4999)
    const other = createUpdateLog({ tensors, weights: 400 })
    other.load(JSON.parse(JSON.stringify(log.save())))
    assert.deepEqual(other.updates, log.updates)
  })

  test('an odd one stays by itself', () => {
    const [one, two, three] = [1, 2, 3].map((step) => ({ step, asked: null, sparsity: step / 10, pruned: step, spliced: 1, net: step - 1 }))
    assert.deepEqual(inPairs([one!, two!, three!]), [{ step: 2, asked: null, sparsity: 0.2, pruned: 3, spliced: 2, net: 1 }, three])
  })
})

test('the threshold of surgery is mean + c standard deviations of what is not zero', () => {
  // |w| of 1, 2, 3, 4 and 0, which does not count: mean 2.5, deviation sqrt(1.25).
  const tensors = [Float32Array.of(1, -2, 0), Float32Array.of(3, -4)]
  assert.equal(thresholdOf(tensors, 0), 2.5)
  assert.ok(Math.abs(thresholdOf(tensors, 2) - (2.5 + 2 * Math.sqrt(1.25))) < 1e-12)
  assert.equal(thresholdOf(tensors, -10), 0)
  assert.equal(thresholdOf([new Float32Array(3)], 1), 0)
})

test('a penalty grows while too much is left and falls while too little is, within bounds', () => {
  assert.equal(nextStrength(1, 0.2, 0.2), 1)
  assert.ok(nextStrength(1, 0.2, 0.19) > 1 && nextStrength(1, 0.2, 0.21) < 1)
  assert.equal(nextStrength(1, 1, 0.001), 1.5)
  assert.equal(nextStrength(1, 0, 0.5), 1 / 1.5)
})

test('draws by seed, step and stream are uniform and differ', () => {
  const draws = Array.from({ length: 20_000 }, (_, step) => uniformAt(7, step))
  assert.ok(draws.every((one) => one >= 0 && one < 1))
  for (let bin = 0; bin < 10; bin++) {
    const share = draws.filter((one) => Math.floor(one * 10) === bin).length / draws.length
    assert.ok(Math.abs(share - 0.1) < 0.01, `${bin}: ${share}`)
  }
  assert.equal(new Set([uniformAt(1, 1), uniformAt(2, 1), uniformAt(1, 2), uniformAt(1, 1, 1)]).size, 4)
  assert.equal(uniformAt(1, 1), uniformAt(1, 1))
})
