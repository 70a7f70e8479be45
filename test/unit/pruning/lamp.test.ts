/** LAMP scores by the paper's formula in plain loops, and what they do to a model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lampScores } from '../../../src/pruning/allocation/lamp.ts'
import { pruneMagnitude } from '../../../src/pruning/prune.ts'

test('w^2 over the squares of all that are not smaller', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom(0, 1, -1, 2), fc.double({ min: -3, max: 3, noNaN: true })), { minLength: 1, maxLength: 30 }), (list) => {
    const values = Float32Array.from(list)
    const scores = lampScores(values)
    values.forEach((value, index) => {
      const left = values.reduce((sum, other) => Math.abs(other) >= Math.abs(value) ? sum + other ** 2 : sum, 0)
      const expected = value === 0 ? 0 : value ** 2 / left
      assert.ok(Math.abs(scores[index]! - expected) <= 1e-6 * expected + 1e-38, `${scores[index]} for ${expected}`)
    })
  }))
})

test('the largest weight of every layer goes last, however small the layer is', () => {
  const pool = [
    { name: 'small/kernel', layer: 'small', values: Float32Array.of(0.001, 0.002, 0.003, 0.004) },
    { name: 'large/kernel', layer: 'large', values: Float32Array.from({ length: 96 }, (_, index) => 1 + index / 100) },
  ]
  const report = pruneMagnitude(pool, { sparsity: 0.98, scope: 'lamp' })
  assert.deepEqual(report.tensors.map(({ weights, zeros }) => weights - zeros), [1, 1])
  assert.deepEqual([...pool[0]!.values], [0, 0, 0, Math.fround(0.004)])
  assert.equal(report.threshold, null)
  assert.deepEqual(report.tensors.map(({ asked, threshold }) => [asked, threshold]), [[null, null], [null, null]])
})

test('a weight that is no number is named', () => {
  const pool = [{ name: 'a/kernel', layer: 'a', values: Float32Array.of(1, NaN) }]
  assert.throws(() => pruneMagnitude(pool, { sparsity: 0.5, scope: 'lamp' }), { code: 'invalid-model', message: /a\/kernel hold NaN at position 1/ })
})
