/** The allocation by sensitivity: exact budgets, and no better split of them in sums of convex curves. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SCOPES, zerosFor, type LayerCurve } from '../../../src/pruning/allocation/index.ts'
import { convexBelow } from '../../../src/pruning/allocation/sensitivity.ts'

const tensor = (layer: string, weights: number) => ({ layer, weights })

describe('scope sensitivity', () => {
  test('zeros go where they cost least', () => {
    const curves: LayerCurve[] = [
      { layer: 'robust', points: [{ zeros: 0, loss: 1 }, { zeros: 50, loss: 1 }, { zeros: 90, loss: 1.4 }] },
      { layer: 'delicate', points: [{ zeros: 0, loss: 1 }, { zeros: 50, loss: 1.5 }, { zeros: 90, loss: 9 }] },
    ]
    const zeros = (sparsity: number) => SCOPES.sensitivity.allocate([tensor('robust', 100), tensor('delicate', 100)], sparsity, curves).map((one) => one.zeros)
    assert.deepEqual(zeros(0.25), [50, 0])
    // The next 50 of either cost 0.01 each: the earlier layer first.
    assert.deepEqual(zeros(0.45), [90, 0])
    assert.deepEqual(zeros(0.5), [90, 10])
    assert.deepEqual(zeros(0.9), [90, 90])
    assert.deepEqual(zeros(0.95), [100, 90])
  })

  test('budgets are exact, and no weight moved between layers would make the sum less', () => {
    const layer = fc.record({ weights: fc.integer({ min: 8, max: 500 }), rises: fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 4, maxLength: 4 }) })
    fc.assert(fc.property(fc.array(layer, { minLength: 1, maxLength: 5 }), fc.double({ min: 0, max: 0.79, noNaN: true }), (layers, sparsity) => {
      const pool = layers.map(({ weights }, index) => tensor(`l${index}`, weights))
      const curves = layers.map(({ weights, rises }, index): LayerCurve => {
        const points = [{ zeros: 0, loss: 1 }, ...[0.2, 0.4, 0.6, 0.8].map((share, at) => ({ zeros: Math.floor(share * weights), loss: 1 + rises.slice(0, at + 1).reduce((sum, rise) => sum + rise, 0) }))]
        return { layer: `l${index}`, points }
      })
      const zeros = SCOPES.sensitivity.allocate(pool, sparsity, curves).map((one) => one.zeros)
      const total = pool.reduce((sum, { weights }) => sum + weights, 0)
      assert.equal(zeros.reduce((sum, one) => sum + one, 0), zerosFor(sparsity, total))
      const cost = (index: number, count: number): number => {
        const hull = convexBelow(curves[index]!.points)
        const after = hull.findIndex((point) => point.zeros >= count)
        if (after === -1) return Infinity
        if (after === 0) return hull[0]!.loss
        const [a, b] = [hull[after - 1]!, hull[after]!]
        return a.loss + (b.loss - a.loss) * (count - a.zeros) / (b.zeros - a.zeros)
      }
      for (const from of zeros.keys()) {
        for (const to of zeros.keys()) {
          if (from === to || zeros[from] === 0 || zeros[to] === pool[to]!.weights) continue
          const now = cost(from, zeros[from]!) + cost(to, zeros[to]!)
          const moved = cost(from, zeros[from]! - 1) + cost(to, zeros[to]! + 1)
          assert.ok(!(moved < now - 1e-9), `moving a zero from ${from} to ${to} gives ${moved}, not ${now}`)
        }
      }
    }), { numRuns: 300 })
  })

  test('zeros that are there already are taken first', () => {
    const curves: LayerCurve[] = [{ layer: 'a', points: [{ zeros: 30, loss: 1 }, { zeros: 80, loss: 3 }] }, { layer: 'b', points: [{ zeros: 0, loss: 1 }, { zeros: 80, loss: 1.1 }] }]
    assert.deepEqual(SCOPES.sensitivity.allocate([tensor('a', 100), tensor('b', 100)], 0.15, curves).map((one) => one.zeros), [30, 0])
  })
})
