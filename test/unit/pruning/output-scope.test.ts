/** The scope output: the same share of every output, the least of each, and the exact number in all. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ranksWithin } from '../../../src/pruning/allocation/output.ts'
import { pruneByScores } from '../../../src/pruning/prune.ts'
import { parseRecipe } from '../../../src/pruning/recipe.ts'

describe('scope output', () => {
  test('ranks are shares within the group, equal ones in their order', () => {
    assert.deepEqual([...ranksWithin(Float32Array.of(-3, 10, 1, 20, 3, 30), Int32Array.of(0, 1, 0, 1, 0, 1))].map((rank) => Math.round(3 * rank)), [2, 1, 1, 2, 3, 3])
  })

  test('of every output the least go, as many of each', () => {
    const matrix = fc.record({ inputs: fc.integer({ min: 1, max: 20 }), outputs: fc.integer({ min: 1, max: 8 }) })
      .chain(({ inputs, outputs }) => fc.record({ inputs: fc.constant(inputs), outputs: fc.constant(outputs), scores: fc.array(fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }), { minLength: inputs * outputs, maxLength: inputs * outputs }) }))
    fc.assert(fc.property(matrix, fc.integer({ min: 0, max: 19 }), ({ inputs, outputs, scores }, asked) => {
      const gone = Math.min(asked, inputs - 1)
      const outputOf = Int32Array.from(scores, (_, index) => index % outputs)
      const values = new Float32Array(scores.length).fill(1)
      const pool = [{ name: 'a/kernel', layer: 'a', shape: [inputs, outputs], values, outputOf }]
      const { zeros } = pruneByScores(pool, { scores: [Float32Array.from(scores)] }, { sparsity: gone / inputs, scope: 'output' })
      assert.equal(zeros, gone * outputs)
      for (let output = 0; output < outputs; output++) {
        const own = scores.map((score, index) => ({ score: Math.fround(score), kept: values[index] !== 0, index })).filter(({ index }) => index % outputs === output)
        const expected = new Set([...own].sort((a, b) => a.score - b.score || a.index - b.index).slice(0, gone).map(({ index }) => index))
        assert.deepEqual(own.filter(({ kept }) => !kept).map(({ index }) => index).sort((a, b) => a - b), [...expected].sort((a, b) => a - b))
      }
    }))
  })

  test('is for single weights, and for methods that rank a trained model', () => {
    const recipe = { method: 'one-shot', criterion: 'wanda', scope: 'output', target: { sparsity: 0.5 } }
    assert.equal(parseRecipe(recipe).scope, 'output')
    assert.throws(() => parseRecipe({ ...recipe, granularity: { type: 'channel' } }), { message: /\/scope "output" compares single weights of an output, not granularity "channel"/ })
    assert.throws(() => parseRecipe({ method: 'gradual', scope: 'output', target: { sparsity: 0.5 } }), { message: /\/scope "output" is not taken by the method gradual/ })
    assert.throws(() => parseRecipe({ method: 'sparsegpt', scope: 'output', target: { sparsity: 0.5 } }), { message: /\/scope "output" is not taken by the method sparsegpt/ })
  })
})
