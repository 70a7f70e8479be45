/** Recipes of a sweep: combinations of a grid in order, and mistakes by the point they are in. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { pointsOfGrid, sizeOf, valuesAt } from '../../../../src/jobs/sweeps/grid.ts'
import { needData, planPoints, valuesOfPoint } from '../../../../src/jobs/sweeps/points.ts'

const RECIPE = { method: 'one-shot', target: { sparsity: 0.5 }, evaluation: { latency: false } }
const GRID = { 'target.sparsity': [0.5, 0.8], criterion: ['magnitude', 'random', 'l2'] }
const refused = (request: object, code: string, message: RegExp): void => { assert.throws(() => planPoints(request), { code, message }) }

describe('grid', () => {
  test('every combination once, the last axis fastest, each with its values', () => {
    const points = planPoints({ recipe: RECIPE, grid: GRID })
    assert.deepEqual(points.map(({ recipe }) => [(recipe.target as { sparsity: number }).sparsity, recipe.criterion]),
      [[0.5, 'magnitude'], [0.5, 'random'], [0.5, 'l2'], [0.8, 'magnitude'], [0.8, 'random'], [0.8, 'l2']])
    points.forEach(({ recipe }, place) => assert.deepEqual(valuesOfPoint({ grid: GRID }, place), { 'target.sparsity': (recipe.target as { sparsity: number }).sparsity, criterion: recipe.criterion }))
    assert.equal(points[4]!.label, 'grid point {"target.sparsity":0.8,"criterion":"random"}')
  })

  test('as many combinations as the product, all different, whatever the axes', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), (sizes) => {
      const grid = Object.fromEntries(sizes.map((size, axis) => [`axis${axis}`, Array.from({ length: size }, (_, at) => at)]))
      const all = Array.from({ length: sizeOf(grid) }, (_, place) => JSON.stringify(valuesAt(grid, place)))
      assert.equal(new Set(all).size, sizes.reduce((a, b) => a * b, 1))
    }))
  })

  test('paths make objects, replace items of lists, and leave the recipe as it was', () => {
    const recipe = { layers: [{ match: 'a', skip: true }, { match: 'b', sparsity: 0.1 }] }
    const before = structuredClone(recipe)
    const [point] = pointsOfGrid(recipe, { 'layers.1.sparsity': [0.9], 'target.sparsity': [0.5] })
    assert.deepEqual(point!.recipe, { layers: [{ match: 'a', skip: true }, { match: 'b', sparsity: 0.9 }], target: { sparsity: 0.5 } })
    assert.deepEqual(recipe, before)
  })

  test('paths that are none', () => {
    const cases: Array<[object, RegExp]> = [
      [{}, /\/grid must have a path at least/], [{ 'target..sparsity': [1] }, /must be names of keys/], [{ '__proto__.polluted': [1] }, /must be names of keys/],
      [JSON.parse('{"__proto__": [1]}') as object, /must be names of keys/], [{ 'a.constructor.b': [1] }, /must be names of keys/], [{ seed: [] }, /\/grid\/seed must have a value/],
      [{ target: [{ sparsity: 0.5 }], 'target.sparsity': [0.5] }, /lies within "target"/], [{ 'a.b.c.d.e.f.g.h.i': [1] }, /at most 8 parts/],
      [Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`a${at}`, [1]])), /at most 16 paths/],
      [{ 'method.name': [1] }, /leads through "one-shot"/], [{ seed: Array.from({ length: 501 }, (_, at) => at) }, /makes 501 points; a sweep has at most 500/],
    ]
    for (const [grid, message] of cases) refused({ recipe: RECIPE, grid }, 'invalid-request', message)
    refused({ recipe: { ...RECIPE, layers: [] }, grid: { 'layers.0.skip': [true] } }, 'invalid-request', /asks for item 0 of a list with 0 items/)
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })
})

describe('recipes of a sweep', () => {
  test('mistakes are told by point and path, before anything is made', () => {
    refused({ recipes: [RECIPE, { ...RECIPE, target: { sparsity: 2 } }, { method: 'magnet' }] }, 'invalid-recipe', /^recipes\[1\]: \/recipes\/1\/target\/sparsity must be less than 1.*; recipes\[2\]: \/recipes\/2\/method/)
    refused({ recipe: RECIPE, grid: { 'target.sparsity': [0.5, 1.5] } }, 'invalid-recipe', /^grid point \{"target\.sparsity":1\.5\}: \/recipe\/target\/sparsity must be less than 1/)
    refused({ recipe: { method: 'magnet' }, grid: { seed: Array.from({ length: 30 }, (_, at) => at) } }, 'invalid-recipe', /; and 10 more points$/)
    assert.throws(() => planPoints({ recipes: [{ ...RECIPE, target: { sparsity: 2 } }] }), (thrown: { details: { errors: Array<{ path: string, point: string }> } }) => {
      assert.deepEqual(thrown.details.errors.map(({ path, point }) => [path, point]), [['/recipes/0/target/sparsity', 'recipes[0]']])
      return true
    })
  })

  test('the same recipe twice is refused, however it is written', () => {
    refused({ recipes: [RECIPE, { target: { sparsity: 0.5 }, method: 'one-shot', seed: 1, evaluation: { latency: false, batchSize: 256 } }] }, 'invalid-request', /^recipes\[1\] is the same recipe as recipes\[0\]/)
    refused({ recipe: RECIPE, grid: { seed: [3, 4, 3] } }, 'invalid-request', /grid point \{"seed":3\} is the same recipe as grid point \{"seed":3\}/)
  })

  test('one of the two forms', () => {
    refused({}, 'invalid-request', /\/recipe is needed; give "recipes", a list, or "recipe" and "grid"/)
    refused({ recipe: RECIPE }, 'invalid-request', /\/grid is needed/)
    refused({ recipes: [RECIPE], grid: GRID }, 'invalid-request', /\/recipes stands beside "grid"/)
    refused({ recipes: [] }, 'invalid-request', /must have a recipe at least/)
  })

  test('recipes that are very large are refused before they are looked at', () => {
    const recipe = { ...RECIPE, layers: Array.from({ length: 256 }, () => ({ match: 'x'.repeat(256), skip: true })) }
    const started = performance.now()
    refused({ recipe, grid: { seed: Array.from({ length: 500 }, (_, at) => at) } }, 'limit-exceeded', /bytes as JSON; a sweep has at most 16777216/)
    assert.ok(performance.now() - started < 1000)
  })

  test('data that a point needs', () => {
    const points = planPoints({ recipes: [RECIPE, { method: 'one-shot', criterion: 'wanda', target: { sparsity: 0.5 } }] })
    needData(points, { dataset: true, evaluationDataset: false })
    assert.throws(() => needData(points, { dataset: false, evaluationDataset: true }), { code: 'invalid-request', message: /^recipes\[1\]: the criterion wanda looks at calibration data: name a data set/ })
  })
})
