/** What of a point of figures can be kept. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { keptPoint, MAX_SERIES_NAME, MetricPoint } from '../../../src/methods/metric-point.ts'

describe('keptPoint', () => {
  test('drops what is not a finite number, and a point of which nothing is left', () => {
    assert.deepEqual(keptPoint({ step: 3, epoch: 1, values: { loss: NaN, accuracy: 0.5, norm: Infinity } }), { step: 3, epoch: 1, values: { accuracy: 0.5 } })
    assert.equal(keptPoint({ step: 3, epoch: 1, values: { loss: -Infinity } }), undefined)
    assert.equal(keptPoint({ step: 3, epoch: 1, values: {} }), undefined)
  })

  test('drops names that no index can hold', () => {
    const longest = 'n'.repeat(MAX_SERIES_NAME)
    assert.deepEqual(Object.keys(keptPoint({ step: 1, epoch: 1, values: { '': 1, [longest]: 1, [`${longest}n`]: 1 } })!.values), [longest])
  })

  test('what is kept fits the schema and survives JSON', () => {
    fc.assert(fc.property(fc.nat(), fc.dictionary(fc.string(), fc.double()), (step, values) => {
      const kept = keptPoint({ step, epoch: 1, values })
      if (kept === undefined) return
      assert.ok(Value.Check(MetricPoint, kept))
      for (const [name, value] of Object.entries((JSON.parse(JSON.stringify(kept)) as MetricPoint).values)) assert.ok(value === kept.values[name])
    }))
  })
})
