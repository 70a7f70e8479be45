/** Values that weights begin with: spread as those of real Keras, for every layer and initialiser that it was asked for. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { mulberry32 } from '../../../src/datasets/random.ts'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import type { ArchitectureLayer, WeightSpec } from '../../../src/models/architecture/types.ts'
import { orthonormalize } from '../../../src/models/initializers/orthogonal.ts'
import { fansOf } from '../../../src/models/initializers/variance-scaling.ts'
import { sizeOf } from '../../../src/models/tensor.ts'
import { drawn, momentsOf } from './initializers-helpers.ts'

interface KerasWeight { readonly shape: number[], readonly fanIn: number, readonly fanOut: number, readonly mean: number, readonly deviation: number, readonly min: number, readonly max: number }

interface Fixture {
  readonly cases: ReadonlyArray<{ readonly name: string, readonly config: Record<string, unknown>, readonly weights: readonly KerasWeight[] }>
  readonly matrices: ReadonlyArray<{ readonly a: number[][], readonly q: number[][] }>
}

const { cases, matrices } = JSON.parse(gunzipSync(readFileSync(new URL('../../fixtures/initializers/keras.json.gz', import.meta.url))).toString()) as Fixture

/** So many standard errors may lie between two means, or deviations, of values drawn apart. */
const ERRORS = 6

/** Two samples of a normal distribution end at different places: here within this share of each other. */
const ENDS = 0.35

describe('values are spread as Keras spreads them', () => {
  for (const { name, config, weights } of cases) {
    test(name, () => {
      const random = mulberry32(5)
      const layer: ArchitectureLayer = readArchitecture(config).layers.at(-1)!
      assert.deepEqual(layer.weights?.map(({ shape }) => shape), weights.map(({ shape }) => shape))
      for (const [index, expected] of weights.entries()) {
        const { shape, role }: WeightSpec = layer.weights![index]!
        assert.deepEqual(fansOf(shape), { fanIn: expected.fanIn, fanOut: expected.fanOut })
        const values = drawn(layer, role, random)!
        const { mean, deviation, min, max } = momentsOf(values)
        const error = ERRORS * Math.sqrt(2) * expected.deviation / Math.sqrt(sizeOf(shape))
        const near = (what: string, actual: number, wanted: number, tolerance: number) =>
          assert.ok(Math.abs(actual - wanted) <= tolerance + 1e-6 * Math.abs(wanted), `${role}: ${what} is ${actual}, with Keras ${wanted}`)
        near('the mean', mean, expected.mean, error)
        near('the deviation', deviation, expected.deviation, error)
        near('the least', min, expected.min, ENDS * (expected.mean - expected.min))
        near('the most', max, expected.max, ENDS * (expected.max - expected.mean))
      }
    })
  }
})

test('vectors become the Q that Keras makes of them', () => {
  for (const { a, q } of matrices) {
    const columns = a[0]!.map((_, column) => Float64Array.from(a, (row) => row[column]!))
    orthonormalize(columns)
    for (const [row, list] of q.entries()) for (const [column, value] of list.entries()) assert.ok(Math.abs(columns[column]![row]! - value) < 1e-9)
  }
})
