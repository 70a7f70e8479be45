/** Singular values and factors: compared with numpy's, orthonormal, ordered, and the best of their rank. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { decompose } from '../../../../src/pruning/low-rank/decompose.ts'
import { eigenOf } from '../../../../src/pruning/low-rank/eigen.ts'
import { product } from '../../../../src/pruning/low-rank/matrix.ts'
import { factorsOf, svdOf } from '../../../../src/pruning/low-rank/svd.ts'
import { energiesOf, tuckerFactors, tuckerOf } from '../../../../src/pruning/low-rank/tucker.ts'
import { pathOf } from '../../../support/fixtures.ts'

interface Expected {
  matrices: Array<{ rows: number, columns: number, values: number[], singular: number[], errors: number[] }>
  kernel: { shape: [number, number, number], values: number[], ranks: [number, number], kept: number, approximation: number[], inputs: number[], outputs: number[] }
}

const { matrices, kernel } = JSON.parse(readFileSync(pathOf('test/fixtures/svd.json'), 'utf8')) as Expected

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0))
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => norm(Array.from(a, (value, at) => value - b[at]!))

const matrix = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })).chain(([rows, columns]) =>
  fc.tuple(fc.constant(rows), fc.constant(columns), fc.array(fc.integer({ min: -1000, max: 1000 }).map((value) => value / 64), { minLength: rows * columns, maxLength: rows * columns })))

describe('the singular value decomposition', () => {
  for (const { rows, columns, values, singular, errors } of matrices) {
    test(`${rows} x ${columns} has numpy's singular values, and its error at every rank`, () => {
      const own = Float32Array.from(values)
      const svd = svdOf(own, rows, columns)
      assert.equal(svd.singular.length, singular.length)
      svd.singular.forEach((value, at) => assert.ok(Math.abs(value - singular[at]!) <= 2e-8 * singular[0]!, `${at}: ${value} for ${singular[at]}`))
      errors.forEach((error, at) => {
        const { left, right } = factorsOf(svd, own, at + 1)
        const found = apart(product(left, right, rows, at + 1, columns), own)
        assert.ok(Math.abs(found - error) <= 1e-6 * norm(own), `rank ${at + 1}: ${found} for ${error}`)
      })
    })
  }

  test('of any matrix: vectors are orthonormal, values do not grow, all ranks together give the matrix', () => {
    fc.assert(fc.property(matrix, ([rows, columns, values]) => {
      const own = Float32Array.from(values)
      const { singular, vectors } = svdOf(own, rows, columns)
      const size = Math.min(rows, columns)
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          let sum = 0
          for (let at = 0; at < size; at++) sum += vectors[i * size + at]! * vectors[j * size + at]!
          assert.ok(Math.abs(sum - (i === j ? 1 : 0)) < 1e-12)
        }
        assert.ok(singular[i]! >= 0 && (i === 0 || singular[i]! <= singular[i - 1]!))
      }
      const { left, right } = factorsOf(svdOf(own, rows, columns), own, size)
      assert.ok(apart(product(left, right, rows, size, columns), own) <= 1e-6 * norm(own) + 1e-9)
    }))
  })

  test('eigenvalues of special matrices: zero, one number, equal values, one of size 300', () => {
    assert.deepEqual([...eigenOf(new Float64Array(9), 3).values], [0, 0, 0])
    assert.deepEqual([...eigenOf(Float64Array.of(7), 1).values], [7])
    assert.deepEqual([...eigenOf(Float64Array.of(2, 0, 0, 2), 2).values], [2, 2])
    // 2 beside -1 on both sides: 2 - 2 cos(k pi / (n + 1)).
    const size = 300
    const chain = new Float64Array(size * size)
    for (let i = 0; i < size; i++) {
      chain[i * size + i] = 2
      if (i > 0) chain[i * size + i - 1] = chain[(i - 1) * size + i] = -1
    }
    eigenOf(chain, size).values.forEach((value, at) => assert.ok(Math.abs(value - (2 - 2 * Math.cos((size - at) * Math.PI / (size + 1)))) < 1e-12))
  })
})

describe('Tucker-2', () => {
  test("has the energy and the approximation of numpy's higher-order decomposition", () => {
    const [positions, inputs, outputs] = kernel.shape
    const [r, s] = kernel.ranks
    const own = Float32Array.from(kernel.values)
    const tucker = tuckerOf(own, positions, inputs, outputs)
    assert.ok(Math.abs(energiesOf(tucker)[r * (outputs + 1) + s]! - kernel.kept) < 1e-9 * norm(own) ** 2)
    const { first, core, last } = tuckerFactors(tucker, r, s)
    const found = Array.from({ length: positions }, (_, p) => product(product(first, core.subarray(p * r * s, (p + 1) * r * s), inputs, r, s), last, inputs, s, outputs))
    assert.ok(apart(found.flatMap((values) => [...values]), kernel.approximation) < 1e-6 * norm(own))
  })

  test('the way with the fewest multiplications that keeps the energy is taken, and its factors keep it', () => {
    const [positions, inputs, outputs] = kernel.shape
    const own = Float32Array.from(kernel.values)
    const shared = { positions, inputs, outputs, placesOut: 10 }
    for (const placesIn of [10, 100_000]) {
      for (const energy of [0.3, 0.7, 0.95, 1]) {
        const found = decompose(own, { ...shared, placesIn }).least(energy)
        assert.ok(found.energy >= energy - 1e-9)
        // A pointwise layer at so many places costs more than anything.
        if (placesIn > 10) assert.equal(found.kind, 'channel')
        const all = kernel.outputs.map((_, at) => at + 1)
        const kept = (rank: number): number => kernel.outputs.slice(0, rank).reduce((sum, value) => sum + value ** 2, 0) / kernel.outputs.reduce((sum, value) => sum + value ** 2, 0)
        const rank = all.find((one) => kept(one) >= energy - 1e-7)!
        assert.ok(found.macs <= 10 * rank * (positions * inputs + outputs))
      }
    }
  })
})
