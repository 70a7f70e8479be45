/** The static methods on small models: what changes, what the layer rows say, and when a job that does nothing fails. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { METHODS } from '../../../src/methods/index.ts'
import type { MethodResult, StaticMethod } from '../../../src/methods/method.ts'
import { parseRecipe } from '../../../src/pruning/recipe.ts'
import { modelInMemory } from '../../support/model-in-memory.ts'

const LAYERS = { first: [0.5, -0.1, 0.4, 0], second: [0.3, 0.2, -0.6, 0.05] }

async function run (recipe: object, layers: Record<string, number[]> = LAYERS): Promise<MethodResult> {
  const parsed = parseRecipe(recipe)
  return await (METHODS[parsed.method] as StaticMethod).run({ recipe: parsed, model: modelInMemory(layers), signal: new AbortController().signal })
}
const valuesOf = ({ changes }: MethodResult, key: string): number[] => [...changes.get(key)!].map((value) => Math.round(value * 100) / 100)

describe('magnitude', () => {
  test('all layers compete for one budget by default', async () => {
    const result = await run({ method: 'magnitude', target: { sparsity: 0.5 } })
    assert.deepEqual(valuesOf(result, 'first/0'), [0.5, 0, 0.4, 0])
    assert.deepEqual(valuesOf(result, 'second/0'), [0.3, 0, -0.6, 0])
    assert.deepEqual(result.pool, { weights: 8, zerosBefore: 1, zeros: 4 })
    assert.ok(Math.abs(result.threshold! - 0.2) < 1e-6)
    assert.deepEqual(result.layers[0], { name: 'first', type: 'Dense', weights: 4, nonzeros: 2, asked: null, achieved: 0.5, kept: 2 })
  })

  test('scope layer, an own sparsity and a skipped layer', async () => {
    const result = await run({ method: 'magnitude', scope: 'layer', target: { sparsity: 0.5 }, layers: [{ match: 'first', skip: true }, { match: 'second', sparsity: 0.75 }] })
    assert.deepEqual([...result.changes.keys()], ['second/0'])
    assert.deepEqual(valuesOf(result, 'second/0'), [0, 0, -0.6, 0])
    assert.deepEqual(result.layers.map(({ name, asked, achieved }) => ({ name, asked, achieved })), [{ name: 'first', asked: null, achieved: 0.25 }, { name: 'second', asked: 0.75, achieved: 0.75 }])
    assert.match(result.layers[0]!.skipped!, /the recipe skips it/)
  })

  test('the model given is not changed', async () => {
    const model = modelInMemory(LAYERS)
    await METHODS.magnitude.run({ recipe: parseRecipe({ method: 'magnitude', target: { sparsity: 0.5 } }), model, signal: new AbortController().signal })
    assert.deepEqual(await model.layers[0]!.weights[0]!.tensor.read(), Float32Array.from(LAYERS.first))
  })

  test('what changes nothing fails and says why', async () => {
    await assert.rejects(run({ method: 'magnitude', target: { sparsity: 0 } }), { code: 'nothing-pruned', message: /1 of 8 prunable weights are zero already/ })
    await assert.rejects(run({ method: 'magnitude', target: { sparsity: 0.5 }, layers: [{ match: '**', skip: true }] }), { code: 'nothing-pruned', message: /the recipe skips it/ })
    await assert.rejects(run({ method: 'magnitude', target: { sparsity: 0.5 }, layers: [{ match: 'frist', skip: true }] }), { code: 'invalid-recipe', message: /did you mean "first"/ })
  })
})

describe('threshold', () => {
  test('the worked example drops the fourth weight', async () => {
    const result = await run({ method: 'threshold', target: { threshold: 0.1 } }, { dense: [0.3, 0.4, 0.2, 0.1] })
    assert.deepEqual(valuesOf(result, 'dense/0'), [0.3, 0.4, 0.2, 0])
  })

  test('a threshold below every weight fails and names the smallest', async () => {
    await assert.rejects(run({ method: 'threshold', target: { threshold: 0.01 } }), { code: 'nothing-pruned', message: /smallest magnitude that is left is 0\.05/ })
  })
})

describe('targets of size', () => {
  // Eight kernel weights, one of which is zero, and two biases.
  test('parameters: the least sparsity that comes to them', async () => {
    const { search, pool, layers } = await run({ method: 'magnitude', target: { params: 6 } })
    assert.deepEqual(pool, { weights: 8, zerosBefore: 1, zeros: 4 })
    assert.equal(layers.reduce((sum, { nonzeros }) => sum + nonzeros, 0) + 2, 6)
    assert.deepEqual([search!.metric, search!.goal, search!.baseline, search!.allowed, search!.chosen], ['parameters', 'least', 9, 6, 0.5])
    for (const { value, held } of search!.curve) assert.equal(held, value <= 6)
  })

  test('bytes in a sparse encoding', async () => {
    // Two bytes of bitmap for ten weights, four for each that stays.
    assert.equal((await run({ method: 'magnitude', target: { bytes: 2 + 4 * 7, as: 'sparse' } })).pool.zeros, 3)
  })

  test('weights with a sparsity of their own count, and do not give way', async () => {
    const { pool, layers } = await run({ method: 'magnitude', target: { params: 6 }, layers: [{ match: 'first', sparsity: 0.25 }] })
    assert.equal(pool.zeros, 4)
    assert.deepEqual(layers.map(({ nonzeros }) => nonzeros), [3, 1])
    await assert.rejects(run({ method: 'magnitude', target: { params: 6 }, layers: [{ match: '*', sparsity: 0.25 }] }), { code: 'invalid-recipe', message: /every weight has a sparsity of its own/ })
  })

  test('what cannot be reached says how far it came, what is reached already too', async () => {
    await assert.rejects(run({ method: 'magnitude', target: { params: 2 } }), { code: 'target-missed', message: /at most 2 parameters are asked for, but 3 of 9 stay when 7 of the 8 weights/ })
    await assert.rejects(run({ method: 'magnitude', target: { params: 9 } }), { code: 'nothing-pruned', message: /has 9 parameters already/ })
    await assert.rejects(run({ method: 'magnitude', target: { macs: 9 } }), { code: 'unsupported-layer', message: /along the layer graph/ })
  })
})

test('a threshold in standard deviations is each tensor\'s own', async () => {
  // 0.2121 and 0.3576 (population).
  const { layers } = await run({ method: 'threshold', target: { threshold: 0.7, unit: 'std' } }, { first: [0.5, -0.1, 0.2, 0.4], second: [0.3, 0.2, -0.6, 0.35] })
  assert.deepEqual(layers.map(({ nonzeros }) => nonzeros), [3, 3])
})

test('evaluate changes nothing and counts', async () => {
  const result = await run({ method: 'evaluate' })
  assert.equal(result.changes.size, 0)
  assert.deepEqual(result.pool, { weights: 8, zerosBefore: 1, zeros: 1 })
  assert.equal(result.layers[0]!.nonzeros, 3)
})
