/** Plans: which weights a recipe prunes, and why not the others. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { matches } from '../../../src/pruning/glob.ts'
import { assertPlan, planPruning, type PlannedLayer } from '../../../src/pruning/plan.ts'
import { parseRecipe } from '../../../src/pruning/recipe.ts'

const weight = (layer: string, role: string, shape: number[], prunable: boolean, trainable = true) => ({
  role, prunable, ...(!prunable && { reason: `${role} is left alone` }), spec: { trainable }, tensor: { key: `${layer}:${role}`, shape },
})

const MODEL: PlannedLayer[] = [
  { path: 'conv2d', weights: [weight('conv2d', 'kernel', [3, 3, 1, 4], true), weight('conv2d', 'bias', [4], false)] },
  { path: 'norm', weights: [weight('norm', 'gamma', [4], false), weight('norm', 'moving_mean', [4], false, false)] },
  { path: 'encoder/dense', weights: [weight('dense', 'kernel', [10, 5], true), weight('dense', 'bias', [5], false)] },
  { path: 'flatten', weights: [] },
]

function plan (layers: unknown[], rest: Record<string, unknown> = { method: 'magnitude', target: { sparsity: 0.9 } }) {
  const { prune, skip, problems } = planPruning(MODEL, parseRecipe({ ...rest, layers }))
  return { prune: Object.fromEntries(prune.map(({ name, sparsity, threshold }) => [name, sparsity ?? threshold ?? null])), skip: Object.fromEntries(skip.map(({ name, reason }) => [name, reason])), problems }
}

describe('planPruning', () => {
  test('kernels by default, everything else with its reason', () => {
    const { prune, skip } = plan([])
    assert.deepEqual(prune, { 'conv2d/kernel': null, 'encoder/dense/kernel': null })
    assert.deepEqual(skip, { 'conv2d/bias': 'bias is left alone', 'norm/gamma': 'gamma is left alone', 'norm/moving_mean': 'moving_mean is left alone', 'encoder/dense/bias': 'bias is left alone' })
    assert.deepEqual(planPruning(MODEL, parseRecipe({ method: 'magnitude', target: { sparsity: 0.9 } })).prune.map(({ weights }) => weights), [36, 50])
  })

  test('layers are skipped, pinned, and the last entry that matches holds', () => {
    assert.deepEqual(plan([{ match: 'conv*', skip: true }]).prune, { 'encoder/dense/kernel': null })
    assert.match(plan([{ match: 'conv*', skip: true }]).skip['conv2d/kernel']!, /the recipe skips it \(layers, match "conv\*"\)/)
    assert.deepEqual(plan([{ match: '**', sparsity: 0.5 }, { match: 'conv2d/kernel', sparsity: 0.7 }]).prune['conv2d/kernel'], 0.7)
    assert.deepEqual(plan([{ match: 'conv2d', skip: true }, { match: 'conv2d', skip: false }]).prune['conv2d/kernel'], null)
  })

  test('biases are opted in by their own path only; what is not trained, never', () => {
    assert.ok('conv2d/bias' in plan([{ match: '*/bias', skip: false }]).prune)
    assert.ok(!('encoder/dense/bias' in plan([{ match: '*/bias', skip: false }]).prune))
    assert.ok('encoder/dense/bias' in plan([{ match: '**/bias', skip: false }]).prune)
    assert.ok(!('conv2d/bias' in plan([{ match: 'conv2d', sparsity: 0.5 }]).prune))
    assert.ok(!('conv2d/bias' in plan([{ match: '*/bias', skip: false }, { match: 'conv2d', skip: true }]).prune))
    const all = plan([{ match: '**', skip: false }]).prune
    assert.ok('norm/gamma' in all && !('norm/moving_mean' in all))
  })

  test('thresholds: the own one, else that of the recipe', () => {
    const threshold = { method: 'threshold', target: { threshold: 0.1 } }
    assert.deepEqual(plan([{ match: 'conv2d', threshold: 0.2 }], threshold).prune, { 'conv2d/kernel': 0.2, 'encoder/dense/kernel': 0.1 })
  })

  test('a pattern that matches nothing names the nearest and the layers that exist', () => {
    const wrong = planPruning(MODEL, parseRecipe({ method: 'magnitude', target: { sparsity: 0.9 }, layers: [{ match: 'conv2d', skip: true }, { match: 'conv3d', skip: true }] }))
    assert.throws(() => assertPlan(wrong), { code: 'invalid-recipe', message: /\/layers\/1\/match "conv3d" matches no layer and no weight \(did you mean "conv2d"\?\); layers with weights are conv2d, norm, encoder\/dense/ })
    assertPlan(planPruning(MODEL, { layers: [], target: null }))
  })
})

describe('matches', () => {
  test('within a part, over parts, and literally', () => {
    for (const [pattern, path, expected] of [
      ['conv2d', 'conv2d', true], ['conv2d', 'conv2d_1', false], ['conv2d*', 'conv2d_1', true], ['*', 'a/b', false], ['*/bias', 'a/bias', true], ['*/bias', 'a/b/bias', false],
      ['**/bias', 'bias', true], ['**/bias', 'a/b/bias', true], ['a/**/c', 'a/c', true], ['a/**/c', 'a/x/y/c', true], ['**', 'a/b/c', true], ['conv?d', 'conv2d', true], ['conv?d', 'convd', false],
      ['a[1]', 'a[1]', true], ['a[1]', 'a1', false], ['*a*b*', 'xxaxxbxx', true], ['*a*b', 'ab_', false], ['a.b', 'axb', false],
    ] as const) assert.equal(matches(pattern, path), expected, `${pattern} ${path}`)
  })

  test('agrees with the same pattern as a regular expression', () => {
    const sign = fc.constantFrom('a', 'b', '*', '?', '/')
    fc.assert(fc.property(fc.array(sign, { maxLength: 8 }), fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 8 }), (signs, letters) => {
      fc.pre(!signs.join('').includes('**'))
      const source = signs.map((one) => one === '*' ? '[^/]*' : one === '?' ? '[^/]' : one).join('')
      assert.equal(matches(signs.join(''), letters.join('')), new RegExp(`^${source}$`).test(letters.join('')) || signs.join('') === letters.join(''))
    }), { numRuns: 2000 })
  })

  test('many stars take no longer than few', () => {
    const start = performance.now()
    assert.equal(matches('*a'.repeat(120) + 'b', 'a'.repeat(256)), false)
    assert.ok(performance.now() - start < 200)
  })
})
