/** Plans: the zeros and bytes that the job makes, refusals that the job fails with, and nothing stored. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { makePlan } from '../../src/methods/planning/make-plan.ts'
import type { Plan } from '../../src/methods/planning/plan.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'
import { form, openHarness } from './http-harness.ts'

const LENET = 'test/fixtures/models/lenet5.h5'
const RESNET = 'test/fixtures/models/resnet8.keras'

async function plan (file: string, recipe: object, has = { dataset: false, evaluationDataset: false }): Promise<Plan> {
  const source = await openFixture(file)
  try {
    return await makePlan({ model: await readModel(source), recipe: parseRecipe(recipe), has, gzipSize })
  } finally {
    await source.close()
  }
}

describe('a plan and its job', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(200) })
  after(async () => { await jobs.close() })

  for (const [name, file, recipe] of [
    ['global', LENET, { method: 'magnitude', target: { sparsity: 0.9 }, layers: [{ match: 'dense_4', skip: true }] }],
    ['lamp, to bytes', LENET, { method: 'one-shot', criterion: 'l2', scope: 'lamp', target: { bytes: 500_000, as: 'file' } }],
    ['blocks', LENET, { method: 'magnitude', granularity: { type: 'block', rows: 4, columns: 1 }, target: { sparsity: 0.8 }, output: ['keras'] }],
    ['channels', RESNET, { method: 'magnitude', granularity: { type: 'channel' }, target: { sparsity: 0.3 } }],
    ['threshold', RESNET, { method: 'threshold', target: { threshold: 0.5, unit: 'std' } }],
    ['2:4', RESNET, { method: 'magnitude', granularity: { type: 'n:m', n: 2, m: 4 } }],
  ] as const) {
    test(`agree: ${name}`, async () => {
      const planned = await plan(file, recipe)
      const { receipt } = await jobs.start(name, file, { ...recipe, evaluation: false })
      assert.deepEqual([planned.feasible, planned.exact, planned.refusals], [true, true, []])
      for (const key of ['weights', 'nonzeros', 'sparsity', 'macs', 'effectiveMacs', 'sparseBytes', 'bytes', 'gzipBytes'] as const) assert.equal(planned.after![key], receipt.after[key], key)
      assert.equal(planned.pool.weights, receipt.after.prunableWeights)
      for (const { name: layer, weights, nonzeros, skipped } of receipt.layers) {
        const row = planned.layers.find((one) => one.name === layer)!
        assert.deepEqual([row.weights, row.zeros, row.skipped], [weights, skipped === undefined ? weights - nonzeros : null, skipped], layer)
      }
      assert.equal(planned.search?.chosen, receipt.search?.chosen)
    })
  }
})

describe('a plan', () => {
  test('says what is not known before the job runs, and counts what is', async () => {
    const has = { dataset: true, evaluationDataset: false }
    const gradual = await plan(LENET, { method: 'gradual', scope: 'layer', target: { sparsity: 0.9 } }, has)
    assert.deepEqual([gradual.exact, gradual.inexact, gradual.after!.bytes], [false, 'the method gradual decides while it trains', null])
    assert.deepEqual(gradual.layers.map(({ zeros }) => zeros), [450, 22_500, 360_000, 4500])
    assert.equal(gradual.after!.nonzeros, 431_080 - 387_450)
    const wanda = await plan(LENET, { method: 'one-shot', criterion: 'wanda', target: { sparsity: 0.9 } }, has)
    assert.deepEqual([wanda.inexact, wanda.pool.zeros, wanda.layers[0]!.zeros], ['the criterion wanda looks at calibration data', 387_450, null])
    const searched = await plan(LENET, { method: 'magnitude', target: { maxAccuracyDrop: 0.01 } }, has)
    assert.deepEqual([searched.feasible, searched.after, searched.pool.zeros], [true, null, null])
  })

  test('tells every refusal the job would fail with', async () => {
    const refusals = async (recipe: object, file = LENET): Promise<string[]> => {
      const { refusals: told, feasible, after: size } = await plan(file, recipe)
      assert.deepEqual([feasible, size], [false, null])
      return told.map(({ code, message }) => `${code}: ${message}`)
    }
    assert.match((await refusals({ method: 'gradual', target: { sparsity: 0.9 } }))[0]!, /^invalid-request: the method gradual needs a data set to train on/)
    assert.match((await refusals({ method: 'magnitude', target: { sparsity: 0.9 }, layers: [{ match: 'dens_3', skip: true }] }))[0]!, /^invalid-recipe: .*did you mean "dense_3"/)
    assert.match((await refusals({ method: 'magnitude', target: { sparsity: 0 } }))[0]!, /^nothing-pruned: no weight would change/)
    assert.match((await refusals({ method: 'magnitude', target: { params: 100 } }))[0]!, /^target-missed: at most 100 parameters/)
    assert.match((await refusals({ method: 'magnitude', target: { sparsity: 0.5 }, output: ['onnx'] }))[0]!, /^unsupported-format: /)
  })
})

test('over HTTP', async () => {
  const harness = await openHarness()
  try {
    const upload = await harness.app.inject({ method: 'POST', url: '/v1/models', ...form({ name: 'file', value: await readFile(pathOf(RESNET)), filename: 'resnet8.keras' }) })
    const model = upload.json().id
    const ask = async (payload: object) => await harness.app.inject({ method: 'POST', url: '/v1/plans', payload })
    const answer = await ask({ model, recipe: { method: 'magnitude', target: { sparsity: 0.5 } } })
    assert.equal(answer.statusCode, 200, answer.body)
    assert.deepEqual([answer.json().exact, answer.json().after.sparsity, answer.json().recipe.scope], [true, 0.5, 'global'])
    assert.equal((await ask({ model: 'nobody', recipe: { method: 'magnitude', target: { sparsity: 0.5 } } })).json().code, 'not-found')
    assert.equal((await ask({ model, recipe: { method: 'magnitude', target: { sparsity: 2 } } })).json().code, 'invalid-recipe')
    assert.deepEqual((await harness.app.inject({ url: '/v1/jobs' })).json().items, [])
  } finally {
    await harness.close()
  }
})
