/** Intervals and quantiles against independent values: the score test solved by bisection in Python, and numpy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wilsonInterval } from '../../../src/engine/interval.ts'
import { quantile } from '../../../src/engine/latency.ts'

test('Wilson intervals are where the score test is just significant at 5 %', () => {
  const near = (actual: number[], expected: number[]): void => actual.forEach((value, at) => assert.ok(Math.abs(value - expected[at]!) < 1e-9, `${value} ${expected[at]}`))
  near(wilsonInterval(0.899, 10_000), [0.8929399967749085, 0.9047535725252915])
  near(wilsonInterval(0, 10), [0, 1 - 0.7224672001371109])
  near(wilsonInterval(1, 10), [0.7224672001371109, 1])
})

test('an interval holds the proportion and narrows with more examples', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 500 }), (some, more) => {
    const [p, n] = [Math.min(some, more) / more, more]
    const [low, high] = wilsonInterval(p, n)
    const [closerLow, closerHigh] = wilsonInterval(p, n * 4)
    assert.ok(low >= 0 && high <= 1 && low <= p && p <= high)
    assert.ok(closerHigh - closerLow < high - low)
  }))
})

test('quantiles interpolate as numpy does', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5)
  assert.ok(Math.abs(quantile([4, 1, 3, 2], 0.95) - 3.85) < 1e-12)
  assert.equal(quantile([7], 0.95), 7)
})
