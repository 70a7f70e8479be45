/** Whole jobs that train: what they keep, what they report, and that streaming, checkpoints and a second run come to the same file. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { JobDataset, JobInput } from '../../src/methods/job-types.ts'
import { IMAGES, openFixture } from '../support/fixtures.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const EXAMPLES = 1500
const TRAINING = { epochs: 2, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.0005 } }

describe('fine-tune', () => {
  let jobs: Jobs, home: string, dataset: JobDataset, pruned: string

  before(async () => {
    jobs = await createJobs(EXAMPLES);
    ({ home, dataset } = jobs)
    await start('pruned', 'test/fixtures/models/mlp.keras', { method: 'magnitude', target: { sparsity: 0.95 }, evaluation: false })
    pruned = path.join(home, 'pruned/model.keras')
  })
  after(async () => { await jobs.close() })

  const start: Jobs['start'] = async (...given) => await jobs.start(...given)
  const tune = async (name: string, training: object = TRAINING, changes: Partial<JobInput> = {}, evaluation: unknown = { latency: false }) =>
    await start(name, pruned, { method: 'fine-tune', training, evaluation }, { dataset, ...changes })

  /** Where the zeros of each kernel are. */
  async function zerosOf (file: string): Promise<Map<string, number[]>> {
    const kernels = [...await jobs.weights(file)].filter(([name]) => name.endsWith('/kernel'))
    return new Map(kernels.map(([name, values]) => [name, [...values.keys()].filter((at) => values[at] === 0)]))
  }

  test('what was pruned stays pruned, and the model gets better on examples it was not trained on', async () => {
    const progress: Array<{ done: number, total: number, epoch?: number, loss?: number }> = []
    const { receipt, outputs } = await tune('kept', TRAINING, { onProgress: (one) => { if (one.stage === 'training') progress.push(one) } })
    assert.deepEqual(await zerosOf(path.join(home, 'kept/model.keras')), await zerosOf(pruned))
    assert.equal(receipt.after.nonzeros, receipt.before.nonzeros)
    assert.equal(receipt.after.sparsity, receipt.before.sparsity)
    assert.ok(receipt.after.metrics!.accuracy! > receipt.before.metrics!.accuracy! + 0.05, JSON.stringify([receipt.before.metrics, receipt.after.metrics]))
    const { training, evaluation } = receipt
    assert.equal(evaluation!.examples, 300)
    assert.match(evaluation!.split, /300 of 1500 examples, drawn by seed 1/)
    assert.equal(training!.data, '1200 of 1500 examples; 300 are reported')
    assert.deepEqual([training!.examples, training!.steps, training!.epochs.length, training!.stoppedBy, training!.held], [1200, 38, 2, 'epochs', 'session'])
    assert.equal(training!.keptZeros, Math.floor(0.95 * 266_200 + 0.5))
    assert.deepEqual(training!.losses, ['sparse-categorical-crossentropy'])
    assert.ok(training!.epochs[1]!.loss < training!.epochs[0]!.loss)
    assert.ok(training!.epochs[1]!.metrics.accuracy! > training!.epochs[0]!.metrics.accuracy!)
    assert.equal(receipt.outputs[0]!.verified, true)
    assert.deepEqual(outputs.map(({ name }) => name), ['model.keras'])
    assert.deepEqual([progress.at(-1)!.done, progress.at(-1)!.total], [38, 38])
    assert.equal(progress.at(-1)!.epoch, 2)
  })

  test('streamed from a file it comes to the same bytes, with class weights too', async () => {
    for (const [name, training] of [['plain', TRAINING], ['weighted', { ...TRAINING, classWeights: { 0: 3 }, validation: 0.2 }]] as const) {
      const held = await tune(`${name}-held`, training)
      const streamed = await tune(`${name}-streamed`, training, { limits: { sessionDataBytes: 1000 } })
      assert.equal(streamed.receipt.training!.held, 'streamed')
      assert.deepEqual(streamed.receipt.training!.epochs, held.receipt.training!.epochs)
      assert.equal(streamed.outputs[0]!.sha256, held.outputs[0]!.sha256)
    }
  })

  test('without keepZeros the zeros learn', async () => {
    const { receipt } = await tune('freed', { ...TRAINING, keepZeros: false })
    assert.equal(receipt.training!.keptZeros, 0)
    assert.ok(receipt.after.nonzeros > 2 * receipt.before.nonzeros)
  })

  test('stopped and begun again it goes on from its checkpoint to the same bytes', async () => {
    const whole = await tune('whole', { ...TRAINING, validation: 0.1 })
    let saved: Uint8Array | null = null
    const stop = new AbortController()
    const training = { ...TRAINING, validation: 0.1, checkpointEvery: 0.001 }
    const first = tune('cut', training, {
      signal: stop.signal,
      checkpoints: { load: async () => null, save: async (bytes) => { saved = Buffer.concat([Buffer.from('x'), bytes]).subarray(1) } },
      onProgress: ({ stage, done }) => { if (stage === 'training' && done > 20 && saved !== null) stop.abort(new Error('the power went')) },
    })
    await assert.rejects(first, /the power went/)
    await rm(path.join(home, 'cut'), { recursive: true })
    const second = await tune('cut', training, { checkpoints: { load: async () => saved, save: async () => {} } })
    assert.ok(second.receipt.training!.resumedAtStep! > 0)
    assert.deepEqual(second.receipt.training!.epochs, whole.receipt.training!.epochs)
    assert.equal(second.outputs[0]!.sha256, whole.outputs[0]!.sha256)
  })

  test('early stopping takes the best epoch and says which', async () => {
    const { receipt } = await tune('early', { ...TRAINING, epochs: 12, optimizer: { type: 'adam', learningRate: 0.02 }, earlyStopping: { monitor: 'val_accuracy', patience: 1 } })
    const { stoppedBy, restoredEpoch, epochs, validationExamples } = receipt.training!
    assert.equal(stoppedBy, 'early-stopping')
    assert.equal(validationExamples, 120)
    const best = Math.max(...epochs.map(({ validation }) => validation!.metrics.accuracy!))
    assert.equal(epochs[restoredEpoch! - 1]!.validation!.metrics.accuracy, best)
  })

  test('what cannot work fails and says why', async () => {
    await assert.rejects(tune('diverged', { ...TRAINING, optimizer: { type: 'sgd', learningRate: 1e6 } }), { code: 'training-diverged', message: /epoch 1.*learningRate/ })
    await assert.rejects(tune('metric', { ...TRAINING, metrics: ['r2'] }), { code: 'invalid-recipe', message: /r2 does not fit the task classification/ })
    await assert.rejects(tune('watch', { ...TRAINING, validation: 0.1, earlyStopping: { monitor: 'val_mae' } }), { code: 'invalid-recipe', message: /it has loss, accuracy, val_loss, val_accuracy/ })
    await assert.rejects(start('none', pruned, { method: 'fine-tune' }), { code: 'invalid-request', message: /needs a data set to train on/ })
    await assert.rejects(start('unknown', 'test/fixtures/formats/unknown.keras', { method: 'fine-tune', evaluation: false }, { dataset }), { code: 'unsupported-layer', message: /cannot be trained here/ })
    const images = await openFixture(IMAGES)
    await assert.rejects(tune('test-part', TRAINING, { dataset: { ...dataset, source: images } }), { code: 'invalid-dataset', message: /test part alone/ })
    await images.close()
  })
})
