/** Chains of stages on a real model: what each leaves, what the receipt tells, and that no zero is lost on the way. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { JobDataset } from '../../src/methods/job-types.ts'
import { compareZeros } from '../../src/methods/stages/zeros.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { withValues } from '../../src/models/remade.ts'
import { openFixture } from '../support/fixtures.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'examples/lenet5.keras'
const TUNE = { stage: 'fine-tune', training: { epochs: 1, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.001 } } } as const

describe('stages', () => {
  let jobs: Jobs, dataset: JobDataset

  before(async () => {
    jobs = await createJobs(1500);
    ({ dataset } = jobs)
  })
  after(async () => { await jobs.close() })

  test('prune, train, prune again, train: zeros stay, rows and pool are those of the end', async () => {
    const steps: number[] = []
    const recipe = { method: 'magnitude', target: { sparsity: 0.8 }, evaluation: { latency: false }, stages: [TUNE, { stage: 'prune', method: 'magnitude', target: { sparsity: 0.9 }, scope: 'layer' }] }
    const untuned = await jobs.start('untuned', LENET, recipe, { dataset })
    const { receipt } = await jobs.start('chain', LENET, { ...recipe, stages: [...recipe.stages, TUNE] }, { dataset, onMetrics: ({ step }) => { steps.push(step) } })
    const [first, second, third] = receipt.stages!
    assert.deepEqual(receipt.stages!.map(({ stage }) => stage), ['fine-tune', 'prune', 'fine-tune'])
    assert.equal(first!.zeros.before, first!.zeros.after)
    assert.equal(first!.zeros.before, Math.floor(0.8 * first!.weights.before + 0.5))
    assert.equal(second!.zeros.after, receipt.layers.reduce((sum, { weights }) => sum + Math.floor(0.9 * weights + 0.5), 0))
    assert.equal(third!.zeros.after, second!.zeros.after)
    assert.equal(third!.training!.epochs.length, 1)
    for (const { name, weights, nonzeros, achieved, asked } of receipt.layers) {
      assert.equal(nonzeros, weights - Math.floor(0.9 * weights + 0.5), name)
      assert.ok(Math.abs(achieved - 0.9) < 0.01 && asked === 0.9, name)
    }
    assert.equal(Math.round(receipt.after.sparsity * receipt.after.prunableWeights), third!.zeros.after)
    assert.ok(receipt.after.metrics!.accuracy! > untuned.receipt.after.metrics!.accuracy! + 0.05, JSON.stringify([untuned.receipt.after.metrics, receipt.after.metrics]))
    assert.equal(receipt.outputs[0]!.verified, true)
    assert.ok(steps.length > 0 && steps.every((step, index) => index === 0 || step >= steps[index - 1]!), 'steps do not decrease')
    const again = await jobs.start('again', LENET, { ...recipe, stages: [...recipe.stages, TUNE] }, { dataset })
    assert.equal(again.outputs[0]!.sha256, receipt.outputs[0]!.sha256, 'the same recipe makes the same bytes')
  })

  test('channels go, what is left trains, and dead ones are taken out: the form changes twice', async () => {
    const { receipt } = await jobs.start('form', LENET, {
      method: 'chain', evaluation: { latency: false }, stages: [
        { stage: 'prune', method: 'structured', target: { channels: 0.25 } }, TUNE,
        { stage: 'prune', method: 'magnitude', granularity: { type: 'channel' }, scope: 'layer', target: { sparsity: 0.3 } }, { stage: 'shrink' },
      ],
    }, { dataset })
    const [structured, tuned, pruned, shrunk] = receipt.stages!
    assert.ok(structured!.weights.after < 0.8 * structured!.weights.before)
    assert.equal(tuned!.weights.before, structured!.weights.after)
    assert.ok(pruned!.zeros.after > 0)
    assert.ok(shrunk!.weights.after < pruned!.weights.after)
    assert.ok(receipt.after.weights < receipt.before.weights)
    assert.equal(receipt.after.prunableWeights, shrunk!.weights.after)
    assert.equal(receipt.outputs[0]!.verified, true)
    const rows = receipt.layers.reduce((sum, { nonzeros }) => sum + nonzeros, 0)
    assert.equal(rows, shrunk!.weights.after - shrunk!.zeros.after)
  })

  test('distillation learns from the given model, not from the pruned one', async () => {
    const distilled = { stage: 'fine-tune', training: { ...TUNE.training, distillation: { weight: 1, temperature: 2 } } }
    const { receipt } = await jobs.start('distilled', LENET, { method: 'magnitude', target: { sparsity: 0.97 }, evaluation: { latency: false }, stages: [distilled] }, { dataset })
    const alone = await jobs.start('alone', LENET, { method: 'magnitude', target: { sparsity: 0.97 }, evaluation: { latency: false } }, { dataset })
    // From itself it would learn nothing: its loss is at its least already.
    assert.ok(receipt.after.metrics!.accuracy! > alone.receipt.after.metrics!.accuracy! + 0.02, JSON.stringify([receipt.after.metrics, alone.receipt.after.metrics]))
  })

  test('a zero that is lost is found, and named with stage and layer', async () => {
    const model = await readModel(await openFixture(LENET))
    const [dense] = model.layers.filter(({ className }) => className === 'Dense')
    const { key } = dense!.weights[0]!.tensor
    const values = await dense!.weights[0]!.tensor.read()
    const pruned = withValues(model, new Map([[key, values.map((value, at) => at % 3 === 0 ? 0 : value)]]))
    const broken = withValues(model, new Map([[key, values.map((value, at) => at % 3 === 0 && at !== 9 ? 0 : value)]]))
    assert.ok((await compareZeros('try', pruned, pruned)).after.zeros > 0)
    await assert.rejects(compareZeros('try', pruned, broken), { code: 'verification-failed', message: new RegExp(`the stage try lost zeros of earlier stages: ${dense!.path}/kernel\\[9\\] was zero`) })
  })

  test('a model without a layer graph is refused before anything is done', async () => {
    await assert.rejects(jobs.start('graph', 'test/fixtures/safetensors/plain.safetensors', { method: 'chain', evaluation: false, stages: [{ stage: 'shrink' }] }), { code: 'unsupported-layer', message: /"stages" work along the layer graph/ })
  })
})
