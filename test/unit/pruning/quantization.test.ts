/** Grids of weights and clips of activations, against TensorFlow's fake quantization and a calibrator in numpy. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { quantizeWeights } from '../../../src/models/exports/tflite/numbers.ts'
import { BINS, entropyClip, percentileClip } from '../../../src/pruning/quantization/clip.ts'
import { gridFor, onGrid, type GridType } from '../../../src/models/quantization/grid.ts'

interface Expected {
  readonly weights: { readonly shape: number[], readonly kernel: number[], readonly cases: ReadonlyArray<{ readonly name: string, readonly type: GridType, readonly axes: number[], readonly values: number[] }> }
  readonly clips: ReadonlyArray<{ readonly name: string, readonly width: number, readonly counts: number[], readonly entropyBins: number, readonly percentiles: Record<string, number> }>
}

const expected = JSON.parse(readFileSync(new URL('../../fixtures/quantization/expected.json', import.meta.url), 'utf8')) as Expected

describe('grids of weights', () => {
  for (const { name, type, axes, values } of expected.weights.cases) {
    test(`${name}: values are those of TensorFlow`, () => {
      const made = onGrid(Float32Array.from(expected.weights.kernel), expected.weights.shape, { type, axes, group: null })
      made.values.forEach((value, at) => { assert.ok(Math.abs(value - values[at]!) <= 2e-7 * Math.max(1, Math.abs(value)), `${at}: ${value}, not ${values[at]}`) })
      assert.equal(made.scales, axes.length === 0 ? 1 : 5)
    })
  }

  test('by hand: groups, zeros, errors', () => {
    // One channel of four weights in groups of two: scales 1 and 0.1.
    const made = onGrid(Float32Array.of(7, -3.4, 0, 0.7), [4, 1], { type: 'int4', axes: [1], group: 2 })
    assert.deepEqual([...made.integers], [7, -3, 0, 7])
    assert.equal(made.scales, 2)
    assert.ok(Math.abs(made.meanSquaredError - 0.16 / 4) < 1e-6)
    assert.ok(Math.abs(made.signalToNoiseDb! - 10 * Math.log10((49 + 11.56 + 0.49) / 0.16)) < 1e-4)
    const zeros = onGrid(new Float32Array(6), [2, 3], { type: 'int8', axes: [1], group: null })
    assert.deepEqual([[...zeros.values], zeros.signalToNoiseDb], [[0, 0, 0, 0, 0, 0], null])
    // The last group of a channel may be smaller: five weights in groups of two.
    assert.equal(onGrid(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), [5, 2], { type: 'int4', axes: [1], group: 2 }).scales, 6)
  })

  test('axes are those of int8 exports', () => {
    assert.deepEqual(gridFor('Dense', { output: [1] }, 'int8', null).axes, [])
    assert.deepEqual(gridFor('Dense', { output: [1] }, 'int4', 32).axes, [1])
    assert.deepEqual(gridFor('DepthwiseConv2D', { output: [2, 3] }, 'int8', null).axes, [2, 3])
  })

  test('what lies on its grid stays there, and exports make the same whole numbers of it', () => {
    fc.assert(fc.property(fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: 12, maxLength: 12 }), (list) => {
      const values = Float32Array.from(list)
      for (const axis of [null, 0]) {
        const grid = { type: 'int8', axes: axis === null ? [] : [axis], group: null } as const
        const once = onGrid(values, [3, 4], grid)
        const exported = new Int8Array(quantizeWeights(once.values, [3, 4], axis).data.buffer)
        assert.deepEqual([...exported], [...once.integers].map((one) => one + 0))
        assert.deepEqual([...onGrid(once.values, [3, 4], grid).integers], [...once.integers])
        values.forEach((value, at) => { if (value === 0) assert.equal(once.values[at], 0) })
      }
    }))
  })
})

describe('clips of activations', () => {
  for (const { name, width, counts, entropyBins, percentiles } of expected.clips) {
    test(`${name}: as numpy has them`, () => {
      assert.equal(counts.length, BINS)
      assert.equal(Math.round(entropyClip(counts, width) / width), entropyBins)
      for (const [percentile, value] of Object.entries(percentiles)) {
        const clip = percentileClip(counts, width, Number(percentile))
        assert.ok(clip >= value - 1e-9 * value && clip - value <= width * (1 + 1e-9), `${percentile}: ${clip}, not ${value}`)
      }
    })
  }

  test('outliers are left out, what is even is kept, and one value alone has a clip', () => {
    const byName = new Map(expected.clips.map((one) => [one.name, one]))
    const share = (name: string) => entropyClip(byName.get(name)!.counts, 1) / BINS
    assert.ok(share('outliers') < 0.6, String(share('outliers')))
    assert.ok(share('uniform') > 0.9, String(share('uniform')))
    const alone = new Float64Array(BINS)
    alone[BINS - 1] = 3
    assert.equal(entropyClip(alone, 1), BINS)
    assert.equal(percentileClip(alone, 1, 99.99), BINS)
  })
})
