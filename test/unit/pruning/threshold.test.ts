/** The threshold method, and the worked example of docs/worked-example.md. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { countNonzeros, sparseBytes } from '../../../src/pruning/sparse.ts'
import { dynamicSensitivities, leastSensitiveFirst, staticSensitivities } from '../../../src/pruning/sensitivity.ts'
import { pruneThreshold } from '../../../src/pruning/threshold.ts'

const prunedAt = (values: number[], threshold: number) => {
  const tensor = { name: 'a/kernel', layer: 'a', values: Float32Array.from(values), threshold }
  return { report: pruneThreshold([tensor]), values: [...tensor.values] }
}

describe('the worked example: w = [0.3, 0.4, 0.2, 0.1], t = 0.1', () => {
  const weights = Float32Array.from([0.3, 0.4, 0.2, 0.1])
  const close = (found: Float32Array, expected: number[]) => expected.forEach((value, index) => assert.ok(Math.abs(found[index]! - value) < 1e-7, `${found[index]} is not ${value}`))

  test('dynamic sensitivities |d/dw sum w^2| are [0.6, 0.8, 0.4, 0.2]', () => {
    close(dynamicSensitivities(weights), [0.6, 0.8, 0.4, 0.2])
  })

  test('they are the slopes of the loss', () => {
    const loss = (values: number[]) => values.reduce((sum, value) => sum + value * value, 0)
    const w = [...weights]
    const step = 1e-6
    const slopes = w.map((_, index) => Math.abs(loss(w.map((value, at) => at === index ? value + step : value)) - loss(w.map((value, at) => at === index ? value - step : value))) / (2 * step))
    close(dynamicSensitivities(weights), slopes)
  })

  test('static sensitivities t * w are [0.03, 0.04, 0.02, 0.01]', () => {
    close(staticSensitivities(weights, 0.1), [0.03, 0.04, 0.02, 0.01])
  })

  test('both rank the fourth weight last, and the threshold drops it and no other', () => {
    assert.deepEqual(leastSensitiveFirst(dynamicSensitivities(weights)), [3, 2, 0, 1])
    assert.deepEqual(leastSensitiveFirst(staticSensitivities(weights, 0.1)), [3, 2, 0, 1])
    assert.deepEqual(prunedAt([0.3, 0.4, 0.2, 0.1], 0.1).values, [0.3, 0.4, 0.2, 0].map(Math.fround))
  })
})

describe('pruneThreshold', () => {
  test('keeps just what is above the threshold as float32', () => {
    fc.assert(fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })), fc.double({ min: 0, max: 10, noNaN: true }), (values, threshold) => {
      const result = prunedAt(values, threshold)
      assert.deepEqual(result.values, values.map((value) => Math.abs(value) > Math.fround(threshold) ? value : 0))
      assert.equal(result.report.zeros, result.values.filter((value) => value === 0).length)
      assert.equal(result.report.changed, result.report.zeros - values.filter((value) => value === 0).length)
    }))
  })

  test('refuses NaN, naming the tensor', () => {
    assert.throws(() => prunedAt([1, NaN], 0.1), { code: 'invalid-model', message: /a\/kernel hold NaN at position 1/ })
  })
})

test('sparse size: a bit for each weight and four bytes for each that is not zero', () => {
  assert.equal(countNonzeros(Float32Array.from([0, -0, 1, 1e-45])), 2)
  assert.equal(sparseBytes(9, 2), 2 + 8)
})
