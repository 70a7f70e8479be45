/** The stage cluster on a real model: few values, the same zeros, smaller files, and figures that fit what was written. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { JobDataset } from '../../src/methods/job-types.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'examples/lenet5.keras'
const BASE = { method: 'magnitude', target: { sparsity: 0.9 }, scope: 'layer', evaluation: { latency: false } } as const
const TRAINING = { epochs: 3, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.0005 } } as const

interface Row { readonly layer: string, readonly role: string, readonly clusters: number, readonly used: number, readonly zeros: number, readonly meanSquaredError: number, readonly entropyBits: number, readonly huffmanBytes: number }
interface ClusterRecord { readonly layers: readonly Row[], readonly skipped: ReadonlyArray<{ layer: string, reason: string }>, readonly huffmanBytes: number, readonly ratio: number, readonly training?: { readonly steps: number } }

const zerosOf = (values: Float32Array) => [...values].map((value) => value === 0)
const distinctOf = (values: Float32Array) => new Set(values.filter((value) => value !== 0)).size

describe('the stage cluster', () => {
  let jobs: Jobs, dataset: JobDataset

  const start = async (name: string, recipe: object) => {
    const { receipt } = await jobs.start(name, LENET, recipe, { dataset })
    const stage = receipt.stages?.at(-1) as unknown as ClusterRecord
    return { receipt, stage, weights: await jobs.weights(path.join(jobs.home, name, receipt.outputs[0]!.name)) }
  }

  before(async () => {
    jobs = await createJobs(1500);
    ({ dataset } = jobs)
  })
  after(async () => { await jobs.close() })

  test('weights of pruned kernels share 16 values besides zero; zeros are where they were; the file shrinks', async () => {
    const [pruned, made] = [await start('pruned', BASE), await start('shared', { ...BASE, stages: [{ stage: 'cluster' }] })]
    assert.equal(made.stage.layers.length, 4)
    for (const { layer, role, clusters, used, zeros, meanSquaredError, entropyBits, huffmanBytes } of made.stage.layers) {
      const [before, now] = [pruned.weights.get(`${layer}/${role}`)!, made.weights.get(`${layer}/${role}`)!]
      assert.deepEqual(zerosOf(now), zerosOf(before), layer)
      assert.equal(clusters, 16)
      assert.equal(distinctOf(now), used)
      assert.ok(used <= 16)
      assert.equal(zeros, zerosOf(now).filter(Boolean).length)
      const error = now.reduce((sum, value, at) => sum + (value - before[at]!) ** 2, 0) / now.length
      assert.ok(Math.abs(error - meanSquaredError) <= 1e-6 * error)
      // Of 17 values, nine tenths of which are one: H(0.1) + 0.1 log2 16 bits at most.
      assert.ok(entropyBits > 0.469 && entropyBits < 0.869 + 1e-9, String(entropyBits))
      assert.ok(huffmanBytes < now.length * 4 / 10 && huffmanBytes > 0)
    }
    assert.equal(made.stage.huffmanBytes, made.stage.layers.reduce((sum, row) => sum + row.huffmanBytes, 0) + 4 * 580)
    assert.equal(made.stage.ratio, 4 * 431080 / made.stage.huffmanBytes)
    assert.ok(made.receipt.after.bytes < 0.6 * pruned.receipt.after.bytes, `${made.receipt.after.bytes} of ${pruned.receipt.after.bytes}`)
    assert.equal(made.receipt.outputs[0]!.verified, true)
    for (const [name, values] of pruned.weights) if (name.endsWith('bias')) assert.deepEqual(made.weights.get(name), values)
  })

  test('training moves the values: still as few, the same zeros, a better model', async () => {
    const stage = { stage: 'cluster', clusters: 8 }
    const [still, trained] = [await start('still', { ...BASE, stages: [stage] }), await start('trained', { ...BASE, stages: [{ ...stage, training: TRAINING }] })]
    assert.deepEqual(trained.stage.layers, still.stage.layers)
    assert.ok(trained.stage.training!.steps > 0)
    for (const { layer, role, used } of trained.stage.layers) {
      const [before, now] = [still.weights.get(`${layer}/${role}`)!, trained.weights.get(`${layer}/${role}`)!]
      assert.deepEqual(zerosOf(now), zerosOf(before), layer)
      assert.ok(distinctOf(now) <= used)
      assert.notDeepEqual(now, before)
      const of = new Map<number, number>()
      before.forEach((value, at) => { assert.equal(now[at], of.get(value) ?? now[at]); of.set(value, now[at]!) })
    }
    assert.notDeepEqual(trained.weights.get('conv2d/bias'), still.weights.get('conv2d/bias'))
    assert.ok(trained.receipt.after.metrics!.accuracy! > still.receipt.after.metrics!.accuracy! + 0.1, JSON.stringify([still.receipt.after.metrics, trained.receipt.after.metrics]))
    const again = await start('again', { ...BASE, stages: [{ ...stage, training: TRAINING }] })
    assert.equal(again.receipt.outputs[0]!.sha256, trained.receipt.outputs[0]!.sha256)
  })

  test('layers have their own number of values, or none; a dense model shrinks as well', async () => {
    const { stage, weights, receipt } = await start('own', {
      method: 'chain', evaluation: { latency: false }, stages: [{ stage: 'cluster', init: 'optimal', layers: [{ match: 'dense_3', clusters: 4 }, { match: 'conv2d', skip: true }, { match: 'dense_4/bias', clusters: 3 }] }],
    })
    assert.deepEqual(stage.layers.map(({ layer, role, clusters, used, zeros }) => [layer, role, clusters, used, zeros]), [
      ['conv2d_1', 'kernel', 16, 16, 0], ['dense_3', 'kernel', 4, 4, 0], ['dense_4', 'kernel', 16, 16, 0], ['dense_4', 'bias', 3, 3, 0],
    ])
    assert.deepEqual(stage.skipped.map(({ layer, reason }) => [layer, reason]), [['conv2d', 'the recipe skips it (layers, match "conv2d")']])
    assert.equal(distinctOf(weights.get('dense_3/kernel')!), 4)
    // 400,000 weights of 2 bits are 100 KB; deflate needs some more.
    assert.ok(receipt.after.bytes < 400_000, String(receipt.after.bytes))
    assert.equal(receipt.outputs[0]!.verified, true)
  })

  test('a rule that matches nothing is a mistake; a model that shares nothing is told', async () => {
    await assert.rejects(start('none', { ...BASE, stages: [{ stage: 'cluster', layers: [{ match: 'dense_9', clusters: 4 }] }] }), { code: 'invalid-recipe', message: /"dense_9" matches no layer/ })
    await assert.rejects(start('nothing', { ...BASE, stages: [{ stage: 'cluster', layers: [{ match: '**', skip: true }] }] }), { code: 'nothing-pruned', message: /finds no tensor/ })
  })
})
