/** Plans of structured pruning: the groups, sizes and bytes that the job makes, what is told where they are not known, and what is refused. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { makePlan } from '../../src/methods/planning/make-plan.ts'
import type { Plan } from '../../src/methods/planning/plan.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { openFile } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'
import { form, openHarness } from './http-harness.ts'

const LENET = 'test/fixtures/models/lenet5.h5'
const RESNET = 'test/fixtures/models/resnet8.keras'

async function plan (file: string, recipe: object, has = { dataset: false, evaluationDataset: false }): Promise<Plan> {
  const source = await openFixture(file)
  try {
    return await makePlan({ model: await readModel(source), recipe: parseRecipe({ method: 'structured', ...recipe }), has, gzipSize })
  } finally {
    await source.close()
  }
}

describe('a plan of structured pruning and its job', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(200) })
  after(async () => { await jobs.close() })

  for (const [name, file, recipe] of [
    ['channels', RESNET, { target: { channels: 0.3 } }],
    ['layer', LENET, { target: { channels: 0.5 }, scope: 'layer', criterion: 'magnitude', layers: [{ match: 'conv2d_1', sparsity: 0.25 }, { match: 'dense_3', skip: true }] }],
    ['params', LENET, { target: { params: 0.3 }, criterion: 'l2', output: ['keras', 'keras-h5'] }],
    ['macs', RESNET, { target: { macs: 0.5 }, criterion: 'bn-scale', options: { roundTo: 2, minChannels: 4 } }],
    ['file', LENET, { target: { bytes: 600_000, as: 'file' }, criterion: 'fpgm', compress: false }],
    ['gzip', RESNET, { target: { bytes: 60_000 }, options: { reduce: 'max', normalize: 'none' }, output: ['tfjs-layers'] }],
  ] as const) {
    test(`agree: ${name}`, async () => {
      const planned = await plan(file, recipe)
      const { receipt } = await jobs.start(name, file, { method: 'structured', ...recipe, evaluation: false })
      assert.deepEqual([planned.feasible, planned.exact, planned.refusals, planned.inexact], [true, true, [], undefined])
      for (const key of ['weights', 'nonzeros', 'sparsity', 'compression', 'macs', 'effectiveMacs', 'sparseBytes', 'bytes', 'gzipBytes'] as const) assert.equal(planned.after![key], receipt.after[key], key)
      for (const key of ['weights', 'nonzeros', 'macs', 'bytes'] as const) assert.equal(planned.before[key], receipt.before[key], key)
      assert.ok(planned.after!.weights < planned.before.weights)
      assert.deepEqual(planned.structure!.channels, receipt.structure!.channels)
      assert.deepEqual(planned.structure!.groups.map(({ removable, gone, ...group }) => group), receipt.structure!.groups)
      for (const { before: all, after: left, removable, gone } of planned.structure!.groups) {
        assert.equal(gone!.length, all - left!)
        assert.ok(removable >= gone!.length && gone!.every((place) => place < all))
      }
      assert.equal(planned.structure!.groups.reduce((sum, { removable }) => sum + removable, 0), receipt.structure!.channels.removable)
      assert.deepEqual(planned.layers.map(({ name: layer, weights, zeros, asked, skipped }) => [layer, weights, weights - zeros!, asked, skipped]), receipt.layers.map(({ name: layer, weights, kept, asked, skipped }) => [layer, weights, kept, asked, skipped]))
      assert.equal(planned.search?.chosen, receipt.search?.chosen)
      assert.ok(receipt.warnings.every((warning) => !warning.includes('keeps it')), receipt.warnings.join('\n'))
      const extension = receipt.outputs[0]!.name
      const source = await openFile(`${jobs.home}/${name}/${extension}`)
      const written = await readModel(source)
      for (const layer of planned.layers) assert.deepEqual(layer.shapes, Object.fromEntries(written.layers.find(({ path }) => path === layer.name)!.weights.map(({ role, tensor }) => [role, [...tensor.shape]])))
      await source.close()
    })
  }

  test('the places that go are those of the least norm', async () => {
    const { structure } = await plan(LENET, { target: { channels: 0.5 }, scope: 'layer', criterion: 'l2', layers: [{ match: 'conv2d_1', skip: true }, { match: 'dense_3', skip: true }] })
    const source = await openFixture(LENET)
    const { layers } = await readModel(source)
    const { tensor } = layers.find(({ path }) => path === 'conv2d')!.weights[0]!
    const values = await tensor.read()
    await source.close()
    const channels = tensor.shape.at(-1)!
    const norms = Array.from({ length: channels }, (_, channel) => values.reduce((sum, value, index) => index % channels === channel ? sum + value * value : sum, 0))
    const least = [...norms.keys()].sort((a, b) => norms[a]! - norms[b]!).slice(0, channels / 2).sort((a, b) => a - b)
    const group = structure!.groups.find(({ name }) => name === 'conv2d')!
    assert.deepEqual([group.gone, group.after], [least, channels / 2])
  })
})

describe('a plan of structured pruning', () => {
  test('channels that a criterion cannot score stay, and say so', async () => {
    const { structure } = await plan('test/fixtures/formats/convolutions.keras', { criterion: 'bn-scale', target: { channels: 0.3 } })
    const why = ['the criterion bn-scale cannot score its channels']
    assert.deepEqual(structure!.groups.map(({ name, before: all, after: left, kept }) => [name, all, left, kept]), [['conv', 6, 4, undefined], ['separable', 5, 5, why], ['transposed', 5, 5, why], ['out', 4, 4, ['its channels are the outputs of the model']]])
  })

  const has = { dataset: true, evaluationDataset: false }

  for (const [name, recipe, why] of [
    ['taylor', { target: { channels: 0.5 }, criterion: 'taylor' }, /^the criterion taylor looks at calibration data$/],
    ['accuracy', { target: { maxAccuracyDrop: 0.01 } }, /^the share of channels is searched for by evaluations$/],
    ['latency', { target: { latency: 0.5 } }, /by the time that the model takes, on the worker that does the job$/],
    ['milliseconds', { target: { latencyMs: 1 } }, /on the worker that does the job$/],
  ] as const) {
    test(`tells the groups where the very channels are not known: ${name}`, async () => {
      const { feasible, exact, inexact, after: size, pool, structure, layers } = await plan(RESNET, recipe, has)
      assert.deepEqual([feasible, exact, size, pool.zeros], [true, false, null, null])
      assert.match(inexact!, why)
      assert.deepEqual([structure!.channels.after, structure!.groups[0]!.removable, structure!.groups[0]!.after, structure!.groups[0]!.gone], [null, 8, null, null])
      assert.match(structure!.groups.at(-1)!.kept![0]!, /outputs of the model/)
      assert.ok(layers.every(({ zeros, shapes }) => zeros === null && shapes === undefined))
    })
  }

  test('with batch normalisation to be recalibrated: the channels, not the bytes', async () => {
    const { exact, inexact, after: size, structure } = await plan(RESNET, { target: { channels: 0.5 }, scope: 'layer', batchNorm: 'recalibrate' }, has)
    assert.deepEqual([exact, size!.bytes, structure!.groups[0]!.after], [false, null, 4])
    assert.match(inexact!, /these are the channels of the job/)
  })

  test('tells every refusal the job would fail with', async () => {
    const refusals = async (recipe: object, file = LENET): Promise<string> => {
      const { refusals: told, feasible, after: size } = await plan(file, recipe)
      assert.deepEqual([feasible, size], [false, null])
      return told.map(({ code, message }) => `${code}: ${message}`).join('\n')
    }
    assert.match(await refusals({ target: { channels: 0.5 }, layers: [{ match: '**', skip: true }] }), /^nothing-pruned: no channel of the model may go: the recipe skips it \(layers, match "\*\*"\)/)
    assert.match(await refusals({ target: { channels: 0.5 }, layers: [{ match: 'dens_3', skip: true }] }), /^invalid-recipe: .*did you mean "dense_3"/)
    assert.match(await refusals({ target: { params: 100 }, options: { minChannels: 4 } }), /^target-missed: at most 100 parameters are asked for, but \d+ of 431080 stay/)
    assert.match(await refusals({ target: { params: 1e6 } }), /^nothing-pruned: the model has 431080 parameters already/)
    assert.match(await refusals({ target: { channels: 0.5 }, options: { minChannels: 1000 } }), /^nothing-pruned: no channel would go: .* options\.minChannels keeps 1000 in every group, and no group has more than 500 that may go: lower it/)
    assert.match(await refusals({ target: { channels: 0.5 }, options: { roundTo: 512 } }), /^nothing-pruned: .* options\.roundTo: what stays of a group must be a multiple of 512/)
    assert.match(await refusals({ target: { channels: 0.5 }, layers: [{ match: 'dense_4', sparsity: 0.5 }] }), /^invalid-recipe: .*\/layers\/0\/sparsity asks for channels of dense_4, none of which may go: its channels are the outputs of the model/)
    assert.match(await refusals({ target: { channels: 0.5 }, layers: [{ match: 'conv2d_2', sparsity: 0.5 }, { match: 'conv2d_4', sparsity: 0.25 }] }, RESNET), /^invalid-recipe: .*different shares of the same channels: conv2d_2 0\.5, conv2d_4 0\.25/)
    assert.match(await refusals({ target: { channels: 0.5 }, layers: [{ match: 'conv2d_2', sparsity: 0.5 }, { match: 'conv2d_4', skip: true }] }, RESNET), /^invalid-recipe: .*asks for channels of conv2d_2, none of which may go: the recipe skips it \(layers, match "conv2d_4"\)/)
    assert.match(await refusals({ target: { macs: 0.5 }, layers: [{ match: '**', sparsity: 0.1 }] }), /^invalid-recipe: .*\/target\/macs leaves nothing to look for/)
    assert.match(await refusals({ target: { channels: 0.5 }, output: ['savedmodel', 'onnx'] }), /^unsupported-format: .*\nunsupported-format: /)
    assert.match(await refusals({ target: { channels: 0.5 }, criterion: 'taylor' }), /^invalid-request: the criterion taylor looks at calibration data: name a data set/)
  })

  for (const [file, why] of [
    ['test/fixtures/savedmodel/exported.zip', /a graph of operations, which is run as a whole/], ['test/fixtures/onnx/convolutions.onnx', /a graph of operations, which is run as a whole/],
    ['test/fixtures/safetensors/plain.safetensors', /has weights but no layer graph/], ['test/fixtures/tfjs-graph/convolutions.zip', /a graph of operations, which is run as a whole/],
  ] as const) {
    test(`of a model without a layer graph: ${file}`, async () => {
      const { feasible, refusals: [refusal], structure, layers } = await plan(file, { target: { channels: 0.5 } })
      assert.deepEqual([feasible, refusal!.code, structure], [false, 'unsupported-layer', undefined])
      assert.match(refusal!.message, why)
      assert.match(refusal!.message, /; give the Keras model it was made from, or zero weights in this one, as the method magnitude does$/)
      assert.ok(layers.length > 0 && layers.every(({ zeros }) => zeros === null))
    })
  }

  test('of a model with layers of its own', async () => {
    const { refusals: [refusal] } = await plan('test/fixtures/formats/unknown.keras', { target: { channels: 0.5 } })
    assert.equal(refusal!.code, 'unsupported-layer')
    assert.match(refusal!.message, /layer graph of a Keras model .*: layers of type .*Lambda.*Graft.* are not run here/)
  })

  test('over HTTP it has its groups, and no job comes of it', async () => {
    const harness = await openHarness()
    try {
      const upload = await harness.app.inject({ method: 'POST', url: '/v1/models', ...form({ name: 'file', value: await readFile(pathOf(RESNET)), filename: 'resnet8.keras' }) })
      const answer = await harness.app.inject({ method: 'POST', url: '/v1/plans', payload: { model: upload.json().id, recipe: { method: 'structured', target: { channels: 0.5 }, scope: 'layer' } } })
      assert.equal(answer.statusCode, 200, answer.body)
      const { structure, layers } = answer.json() as Plan
      assert.deepEqual([structure!.groups[0]!.name, structure!.groups[0]!.before, structure!.groups[0]!.after, structure!.groups[0]!.gone!.length], ['conv2d_2', 8, 4, 4])
      assert.deepEqual(layers.find(({ name }) => name === 'conv2d_3')!.shapes, { kernel: [3, 3, 4, 4] })
      assert.deepEqual((await harness.app.inject({ url: '/v1/jobs' })).json().items, [])
    } finally {
      await harness.close()
    }
  })
})
