/** Optimal brain surgery over columns against numpy, which forms the inverse; and where the weights of a kernel lie. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { kernelColumns } from '../../../src/pruning/compensation/columns.ts'
import { inverseFactor } from '../../../src/pruning/compensation/inverse-factor.ts'
import { pruneColumns } from '../../../src/pruning/compensation/prune-columns.ts'
import { blockBudget } from '../../../src/pruning/compensation/budget.ts'

interface Case {
  readonly name: string
  readonly outputs: number
  readonly columns: number
  readonly share?: number
  readonly pattern?: readonly [number, number]
  readonly weights: readonly number[]
  readonly hessian: readonly number[]
  readonly pruned: readonly number[]
  readonly error: number
  readonly errorWithoutCompensation: number
}

const CASES = JSON.parse(readFileSync(new URL('../../fixtures/sparsegpt/expected.json', import.meta.url), 'utf8')) as Case[]

function hessianOf ({ columns, hessian }: Case): Float32Array {
  const full = new Float32Array(columns * columns)
  let at = 0
  for (let row = 0; row < columns; row++) for (let column = row; column < columns; column++) full[row * columns + column] = full[column * columns + row] = hessian[at++]!
  return full
}

describe('optimal brain surgery', () => {
  for (const one of CASES) {
    test(`${one.name}: the weights that numpy gives`, () => {
      const { columns, outputs, share, pattern } = one
      const weights = Float64Array.from(one.weights)
      const zeros = Math.floor((share ?? 0) * weights.length + 0.5)
      pruneColumns({
        weights,
        columns,
        outputs,
        factor: inverseFactor(hessianOf(one), columns),
        budget: blockBudget({ zeros, weights: weights.length, already: one.weights.filter((weight) => weight === 0).length }),
        ...(pattern && { pattern: { n: pattern[0], m: pattern[1] } }),
      })
      if (share !== undefined) assert.equal(weights.filter((weight) => weight === 0).length, zeros)
      const scale = Math.max(...one.pruned.map(Math.abs))
      weights.forEach((weight, at) => {
        assert.equal(weight === 0, one.pruned[at] === 0, `weight ${at} goes, or stays, as in numpy`)
        assert.ok(Math.abs(weight - one.pruned[at]!) < 1e-3 * scale, `${weight} is not ${one.pruned[at]}`)
      })
      assert.ok(one.error < one.errorWithoutCompensation, 'the case is one where compensation helps')
    })
  }

  test('the factor is that of the inverse: U^T U times the damped Hessian is 1', () => {
    const one = CASES[0]!
    const [n, h] = [one.columns, hessianOf(one)]
    const u = inverseFactor(h, n)
    const damping = 0.01 * [...Array(n).keys()].reduce((sum, at) => sum + h[at * n + at]!, 0) / n
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) {
        let sum = 0
        for (let k = 0; k < n; k++) {
          let inverse = 0
          for (let j = 0; j <= Math.min(row, k); j++) inverse += u[j * n + row]! * u[j * n + k]!
          sum += inverse * (h[k * n + column]! + (k === column ? damping : 0))
        }
        assert.ok(Math.abs(sum - (row === column ? 1 : 0)) < 1e-6, `${row}, ${column}: ${sum}`)
      }
    }
  })
})

describe('columns of a kernel', () => {
  const all = ({ columnOffsets, outputOffsets }: ReturnType<typeof kernelColumns>): number[][] => [...columnOffsets].map((column) => [...outputOffsets].map((output) => column + output))

  test('a convolution: positions times input channels by filters', () => {
    // [2 positions, 2 channels, 3 filters]
    assert.deepEqual(all(kernelColumns([2, 2, 3], { output: [2] })), [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])
  })

  test('a transposed convolution has its outputs before its inputs', () => {
    // [1 position, 2 outputs, 3 inputs]
    assert.deepEqual(all(kernelColumns([1, 2, 3], { output: [1] })), [[0, 3], [1, 4], [2, 5]])
  })

  test('a depthwise kernel: outputs are channels times multipliers', () => {
    assert.deepEqual(all(kernelColumns([2, 2, 2], { output: [2, 3].map((axis) => axis - 1) })), [[0, 1, 2, 3], [4, 5, 6, 7]])
  })
})
