/** Exact selection against a plain sort, and pruning to exact counts. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EspalierError } from '../../../src/errors.ts'
import { pruneMagnitude, type PoolTensor } from '../../../src/pruning/prune.ts'
import { findCut } from '../../../src/pruning/select.ts'

/** Few distinct values make many ties; the others cover all of float32. */
const weight = fc.oneof(
  fc.constantFrom(0, -0, 0.5, -0.5, 1, -1, 1e-45, -1e-45),
  fc.float({ noNaN: true, noDefaultInfinity: true })
)
const tensor = fc.array(weight, { maxLength: 60 })
const tensors = fc.array(tensor, { minLength: 1, maxLength: 5 })
const sparsity = fc.double({ min: 0, max: 0.999, noNaN: true })

const poolOf = (arrays: readonly number[][]): PoolTensor[] => arrays.map((values, index) => ({ name: `l${index >> 1}/w${index}`, layer: `l${index >> 1}`, values: Float32Array.from(values) }))

/** The definition, written down: sort all by magnitude (stable, so ties by position) and zero the first ones. */
function prunedBySorting (arrays: readonly number[][], zeros: number): number[][] {
  const result = arrays.map((values) => [...Float32Array.from(values)])
  const all = result.flatMap((values, array) => values.map((value, at) => ({ array, at, magnitude: Math.abs(value) })))
  all.sort((a, b) => a.magnitude - b.magnitude)
  for (const { array, at } of all.slice(0, zeros)) result[array]![at] = 0
  return result
}

describe('findCut', () => {
  test('is the k-th smallest magnitude, and the ties that go', () => {
    fc.assert(fc.property(tensors, fc.nat(1000), (arrays, pick) => {
      const sorted = arrays.flatMap((values) => [...Float32Array.from(values)]).map(Math.abs).sort((a, b) => a - b)
      const count = pick % (sorted.length + 1)
      const cut = findCut(arrays.map((values) => ({ name: 'w', scores: Float32Array.from(values) })), count)
      if (count === 0) return assert.equal(cut, null)
      assert.equal(cut!.magnitude, sorted[count - 1])
      assert.equal(cut!.ties, count - sorted.filter((value) => value < cut!.magnitude).length)
    }), { numRuns: 500 })
  })

  test('NaN and infinity are refused, naming the tensor and the place, before anything changes', () => {
    for (const wrong of [NaN, Infinity, -Infinity]) {
      const pool = poolOf([[1, 2], [3, wrong]])
      assert.throws(() => pruneMagnitude(pool, { sparsity: 0.5, scope: 'global' }), (error) => {
        assert.ok(error instanceof EspalierError)
        assert.equal(error.code, 'invalid-model')
        assert.match(error.message, /l0\/w1 hold .* at position 1/)
        return true
      })
      assert.deepEqual([...pool[0]!.values], [1, 2])
    }
  })
})

describe('pruneMagnitude', () => {
  test('global: the same weights go as by sorting everything', () => {
    fc.assert(fc.property(tensors, sparsity, (arrays, share) => {
      const pool = poolOf(arrays)
      const total = arrays.flat().length
      const zeros = Math.floor(share * total + 0.5)
      const report = pruneMagnitude(pool, { sparsity: share, scope: 'global' })
      assert.deepEqual(pool.map(({ values }) => [...values]), prunedBySorting(arrays, zeros))
      const zerosBefore = arrays.flat().filter((value) => Math.fround(value) === 0).length
      assert.equal(report.asked, zeros)
      assert.equal(report.zeros, Math.max(zeros, zerosBefore))
      assert.equal(report.changed, report.zeros - zerosBefore)
      assert.equal(report.weights, total)
    }), { numRuns: 500 })
  })

  test('layer: each layer is pruned as if it were alone', () => {
    fc.assert(fc.property(tensors, sparsity, (arrays, share) => {
      const pool = poolOf(arrays)
      const report = pruneMagnitude(pool, { sparsity: share, scope: 'layer' })
      for (let first = 0; first < arrays.length; first += 2) {
        const layer = arrays.slice(first, first + 2)
        const expected = prunedBySorting(layer, Math.floor(share * layer.flat().length + 0.5))
        assert.deepEqual(pool.slice(first, first + 2).map(({ values }) => [...values]), expected)
      }
      assert.ok(report.tensors.every(({ asked }) => asked === share))
      assert.equal(report.threshold, null)
    }))
  })

  test('a higher sparsity prunes all that a lower one does', () => {
    fc.assert(fc.property(tensors, sparsity, sparsity, (arrays, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)].map((share) => {
        const pool = poolOf(arrays)
        pruneMagnitude(pool, { sparsity: share, scope: 'global' })
        return pool.flatMap(({ values }) => [...values])
      })
      high!.forEach((value, index) => assert.ok(value === 0 || value === low![index]))
    }))
  })

  test('pruning twice changes nothing more', () => {
    fc.assert(fc.property(tensors, sparsity, (arrays, share) => {
      const pool = poolOf(arrays)
      pruneMagnitude(pool, { sparsity: share, scope: 'global' })
      assert.equal(pruneMagnitude(pool, { sparsity: share, scope: 'global' }).changed, 0)
    }))
  })

  test('pinned layers leave the competition and its budget', () => {
    const pool: PoolTensor[] = [
      { name: 'a/kernel', layer: 'a', values: Float32Array.from([1, 2, 3, 4]), sparsity: 0.5 },
      { name: 'b/kernel', layer: 'b', values: Float32Array.from([10, 20, 30, 40, 50]) },
      { name: 'c/kernel', layer: 'c', values: Float32Array.from([15, 25, 35, 45, 55]) },
    ]
    const report = pruneMagnitude(pool, { sparsity: 0.3, scope: 'global' })
    assert.deepEqual(pool.map(({ values }) => [...values]), [[0, 0, 3, 4], [0, 0, 30, 40, 50], [0, 25, 35, 45, 55]])
    assert.deepEqual(report.tensors.map(({ asked, zeros, threshold }) => [asked, zeros, threshold]), [[0.5, 2, 2], [null, 2, 20], [null, 1, 20]])
    assert.equal(report.asked, 5)
    assert.equal(report.threshold, 20)
  })

  test('ties go by position: over tensors in order, then over elements', () => {
    const pool = poolOf([[1, -1, 1], [1, 1, 1]])
    pruneMagnitude(pool, { sparsity: 4 / 6, scope: 'global' })
    assert.deepEqual(pool.map(({ values }) => [...values]), [[0, 0, 0], [0, 1, 1]])
  })

  test('exact at size: 90 % of 61,470 weights, and views into a larger buffer', () => {
    const buffer = new Float32Array(70_000).map((_, index) => Math.sin(index * 12.9898) * 0.1)
    const values = buffer.subarray(1_000, 62_470)
    const before = buffer.slice()
    const report = pruneMagnitude([{ name: 'a/kernel', layer: 'a', values }], { sparsity: 0.9, scope: 'global' })
    assert.equal(report.zeros, 55_323)
    assert.deepEqual(buffer.subarray(0, 1_000), before.subarray(0, 1_000))
    assert.deepEqual(buffer.subarray(62_470), before.subarray(62_470))
  })
})
