/** Small pure parts of pages: where recipes differ, scales of an axis, targets in words, thresholds, figures of stages. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TARGETS } from '../../../src/pruning/targets.ts'
import { scaleOf } from '../../../src/web/components/scatter/scale.ts'
import { sinceOf } from '../../../src/web/pages/audit/since.ts'
import { recipeRows } from '../../../src/web/pages/compare/difference.ts'
import { stageFigures } from '../../../src/web/pages/job/stage-figures.ts'
import { thresholdOf } from '../../../src/web/pages/job/threshold.ts'
import { KIND_WORDS, readable, valuesOf } from '../../../src/web/pages/new/target-words.ts'

describe('where recipes differ', () => {
  test('every path of any of them, with what stands there', () => {
    assert.deepEqual(recipeRows([{ method: 'magnitude', target: { sparsity: 0.5 }, layers: [1] }, { method: 'magnitude', target: { macs: 0.5 }, layers: [1], seed: null }]), [
      { path: 'method', values: ['magnitude', 'magnitude'], differs: false },
      { path: 'target.sparsity', values: ['0.5', ''], differs: true },
      { path: 'layers', values: ['[1]', '[1]'], differs: false },
      { path: 'target.macs', values: ['', '0.5'], differs: true },
      { path: 'seed', values: ['', 'null'], differs: true },
    ])
  })

  test('a recipe does not differ from itself', () => {
    fc.assert(fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 })), (recipe) => {
      assert.deepEqual(recipeRows([recipe, structuredClone(recipe)]).filter(({ differs }) => differs), [])
    }))
  })
})

describe('scales', () => {
  test('in order, within the axis, with round numbers along it', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 2, maxLength: 20 }), fc.boolean(), (values, allowLog) => {
      const { place, ticks } = scaleOf(values, { allowLog })
      const sorted = [...values].sort((a, b) => a - b)
      for (const [index, value] of sorted.entries()) {
        assert.ok(place(value) >= 0 && place(value) <= 1, `${value} at ${place(value)}`)
        if (index > 0) assert.ok(place(value) >= place(sorted[index - 1]!))
      }
      assert.ok(ticks.every((tick) => place(tick) >= -1e-9 && place(tick) <= 1 + 1e-9) && ticks.length <= 60, JSON.stringify(ticks))
      for (const tick of ticks) assert.match(tick.toExponential(), /^-?(\d|\d\.\d+)e/)
    }))
  })

  test('linear and by logarithm', () => {
    assert.deepEqual(scaleOf([0, 100]).ticks, [0, 50, 100])
    assert.deepEqual(scaleOf([1, 1000], { allowLog: true }).ticks, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
    assert.ok(Math.abs(scaleOf([1, 100], { allowLog: true }).place(10) - 0.5) < 1e-12)
    assert.deepEqual([scaleOf([]).ticks, scaleOf([7, 7]).place(7)], [[], 0.5])
    assert.ok(scaleOf([-1, 1000], { allowLog: true }).ticks.includes(0), 'what is not positive has no logarithm')
  })
})

describe('targets', () => {
  test('every kind has a word, and reads as a sentence', () => {
    for (const kind of Object.keys(TARGETS)) {
      assert.ok(KIND_WORDS[kind] !== undefined, kind)
      assert.match(String(readable(kind, 0.5)), /\d/, kind)
    }
    assert.deepEqual([readable('sparsity', 0.9), readable('bytes', 500_000), readable('sparsity', 'much'), readable('sparsity', undefined)], ['90 % sparsity', '500 kB (gzip)', undefined, undefined])
  })

  test('values of a sweep', () => {
    assert.deepEqual(valuesOf('0.5, 0.9;1e-3\n 2'), [0.5, 0.9, 0.001, 2])
    assert.deepEqual(['', '0.5', '0.5, half', '0.5, Infinity', '0.5 0.9 0.50'].map(valuesOf), ['A sweep has two values at least', 'A sweep has two values at least', '"half" is not a number', '"Infinity" is not a number', '0.5 is there twice'])
  })
})

describe('what a run tells', () => {
  test('thresholds: the one of all, the one of a layer, none of a pattern', () => {
    const receipt = { threshold: 0.2, layers: [{ name: 'conv', asked: null }, { name: 'own', asked: 0.5 }] }
    const of = (layer: string, pattern?: unknown) => thresholdOf({ layer, largestZeroed: 0.1, ...(pattern !== undefined && { pattern }) }, receipt)
    assert.deepEqual([of('conv'), of('own'), of('conv', { type: 'n:m', n: 2, m: 4 })], [0.2, 0.1, null])
    assert.equal(thresholdOf({ layer: 'conv', largestZeroed: 0.1 }, { ...receipt, threshold: null }), 0.1)
  })

  test('figures of any stage, without what has columns', () => {
    assert.deepEqual(stageFigures({ stage: 'cluster', place: 0, seconds: 1, weights: {}, zeros: {}, clustersPerLayer: 16, meanError: 0.000012, exact: true, kind: 'kmeans', skipped: ['a', 'b'], none: [], bits: null }),
      [['clusters per layer', '16'], ['mean error', '1.20e-5'], ['exact', 'yes'], ['kind', 'kmeans'], ['skipped', '2']])
  })

  test('times of the record, to the minute', () => {
    const now = Date.parse('2026-11-27T02:30:59.999Z')
    assert.deepEqual([sinceOf('1', now), sinceOf('24', now), sinceOf(null, now), sinceOf('-1', now), sinceOf('soon', now)], ['2026-11-27T01:30:00.000Z', '2026-11-26T02:30:00.000Z', undefined, undefined, undefined])
  })
})
