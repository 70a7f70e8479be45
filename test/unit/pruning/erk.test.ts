/** The Erdos-Renyi kernel allocation: exact budgets, densities by the paper's formula, full layers taken out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SCOPES, zerosFor } from '../../../src/pruning/allocation/index.ts'

const tensor = (layer: string, ...shape: number[]) => ({ layer, shape, weights: shape.reduce((product, size) => product * size, 1) })

/** Zeros by layer, by the formula with a bisected scale: an independent way to the same densities. */
function expectedDensities (pool: ReadonlyArray<ReturnType<typeof tensor>>, sparsity: number): number[] {
  const total = pool.reduce((sum, { weights }) => sum + weights, 0)
  const kept = (scale: number) => pool.reduce((sum, { shape, weights }) => sum + Math.min(1, scale * shape.reduce((a, b) => a + b, 0) / weights) * weights, 0)
  let [low, high] = [0, total]
  for (let round = 0; round < 200; round++) {
    const middle = (low + high) / 2
    if (kept(middle) < total * (1 - sparsity)) low = middle
    else high = middle
  }
  return pool.map(({ shape, weights }) => Math.min(1, low * shape.reduce((a, b) => a + b, 0) / weights))
}

test('densities of LeNet-5 follow the sum of sizes over their product', () => {
  const pool = [tensor('a', 5, 5, 1, 20), tensor('b', 5, 5, 20, 50), tensor('c', 800, 500), tensor('d', 500, 10)]
  for (const sparsity of [0.5, 0.9, 0.99]) {
    const densities = expectedDensities(pool, sparsity)
    const arenas = SCOPES.erk.allocate(pool, sparsity)
    for (const [index, { members, zeros }] of arenas.entries()) {
      assert.deepEqual(members, [index])
      assert.ok(Math.abs(pool[index]!.weights - zeros - densities[index]! * pool[index]!.weights) <= 1, `${sparsity} ${index}`)
    }
  }
})

test('the budget is met exactly and every tensor competes once', () => {
  const shape = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 })
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), shape), { minLength: 1, maxLength: 6 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (list, sparsity) => {
    const pool = list.map(([layer, sizes]) => tensor(layer, ...sizes))
    const total = pool.reduce((sum, { weights }) => sum + weights, 0)
    const arenas = SCOPES.erk.allocate(pool, sparsity)
    assert.deepEqual(arenas.flatMap(({ members }) => members).sort((a, b) => a - b), pool.map((_, index) => index))
    assert.equal(arenas.reduce((sum, { zeros }) => sum + zeros, 0), zerosFor(sparsity, total))
    for (const { members, zeros } of arenas) assert.ok(zeros >= 0 && zeros <= members.reduce((sum, index) => sum + pool[index]!.weights, 0))
  }))
})
