/** Clusters of a tensor's values: the least error there is, never worse than Lloyd's, zeros as they were. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { clusterValues, INITS, sharedValues } from '../../../src/pruning/cluster/cluster.ts'

const { exact, lloyd } = JSON.parse(readFileSync(new URL('../../fixtures/cluster/cluster.json', import.meta.url), 'utf8')) as {
  exact: Array<{ values: number[], clusters: number, least: number }>
  lloyd: { values: number[], cases: Array<{ clusters: number, error: number }> }
}

/** Of a large tensor: so many distinct values that they are put into bins first. */
function normal (size: number): Float32Array {
  let state = 7
  const next = (): number => { state = (state * 48271) % 2147483647; return state / 2147483647 }
  return Float32Array.from({ length: size }, () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()))
}

describe('clusters of values', () => {
  test('no assignment has a smaller error, as numpy finds by trying all of them', () => {
    for (const { values, clusters, least } of exact) {
      const { meanSquaredError, used } = clusterValues(Float32Array.from(values), { clusters, init: 'optimal', seed: 1 })
      const error = meanSquaredError * values.length
      // Centroids are rounded to float32.
      assert.ok(Math.abs(error - least) <= 1e-5 * least + 1e-12 * Math.max(...values.map(Math.abs)) ** 2, `${clusters} of ${values.length}: ${error}, numpy has ${least}`)
      assert.equal(used, clusters)
    }
  })

  test('from even centroids as Lloyd in numpy; the optimum is no worse', () => {
    for (const { clusters, error } of lloyd.cases) {
      const values = Float32Array.from(lloyd.values)
      const errorOf = (init: typeof INITS[number]) => clusterValues(values, { clusters, init, seed: 1 }).meanSquaredError * values.length
      assert.ok(Math.abs(errorOf('linear') - error) <= 1e-5 * error, `${clusters}: ${errorOf('linear')}, numpy has ${error}`)
      for (const init of INITS) assert.ok(errorOf('optimal') <= errorOf(init) * (1 + 1e-6), init)
    }
  })

  test('zeros stay the only zeros, values are as few as asked, and every weight has the nearest', () => {
    const value = fc.oneof(fc.constant(0), fc.constant(-0), fc.float({ noNaN: true, min: -4, max: 4 }), fc.constantFrom(1, -1, 2, 1e-45, -1e-45))
    fc.assert(fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: 2, max: 20 }), fc.constantFrom(...INITS), fc.nat(), (list, clusters, init, seed) => {
      const values = Float32Array.from(list)
      const made = clusterValues(values, { clusters, init, seed })
      const shared = sharedValues(made)
      assert.deepEqual([...shared].map((one) => one === 0), [...values].map((one) => one === 0))
      assert.ok(new Set(shared.filter((one) => one !== 0)).size <= made.used && made.used <= clusters)
      assert.equal(new Set(made.indices.filter((index) => index !== 0)).size, made.used)
      assert.equal(made.zeros, values.filter((one) => one === 0).length)
      const distinct = new Set(values.filter((one) => one !== 0))
      if (distinct.size <= clusters) assert.deepEqual(shared, values.map((one) => one === 0 ? 0 : one))
      const { meanSquaredError: linear } = clusterValues(values, { clusters, init: 'linear', seed })
      const { meanSquaredError: least } = clusterValues(values, { clusters, init: 'optimal', seed })
      assert.ok(least <= linear + 1e-9, `${least} is more than ${linear}`)
    }))
  })

  test('weights of a pair around zero, whose mean it is, do not become zero', () => {
    const { codebook, indices } = clusterValues(Float32Array.of(-1, 1, -9, 9, 0), { clusters: 3, init: 'optimal', seed: 1 })
    assert.deepEqual([...sharedValues({ codebook, indices })].map((value) => value === 0), [false, false, false, false, true])
  })

  test('large tensors come next to the optimum, quickly, and the same each time', () => {
    const values = normal(300_000)
    const made = clusterValues(values, { clusters: 16, init: 'optimal', seed: 1 })
    // Max 1960, Quantizing for Minimum Distortion, table I: 16 levels of a normal distribution leave 0.009497 of its variance.
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length
    assert.ok(Math.abs(made.meanSquaredError / variance - 0.009497) < 2e-4, String(made.meanSquaredError / variance))
    assert.ok(made.meanSquaredError <= clusterValues(values, { clusters: 16, init: 'linear', seed: 1 }).meanSquaredError)
    assert.deepEqual(clusterValues(values, { clusters: 16, init: 'kmeans++', seed: 3 }), clusterValues(values, { clusters: 16, init: 'kmeans++', seed: 3 }))
  })

  test('a tensor of zeros, of one value, and none at all', () => {
    assert.deepEqual(clusterValues(new Float32Array(3), { clusters: 4, init: 'linear', seed: 1 }), { codebook: new Float32Array(1), indices: new Uint16Array(3), used: 0, zeros: 3, meanSquaredError: 0 })
    assert.equal(clusterValues(Float32Array.of(2, 2), { clusters: 4, init: 'kmeans++', seed: 1 }).used, 1)
    assert.equal(clusterValues(new Float32Array(0), { clusters: 4, init: 'density', seed: 1 }).meanSquaredError, 0)
  })
})
