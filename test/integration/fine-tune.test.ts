/** Whole jobs that train: what they keep, what they report, and that streaming, checkpoints and a second run come to the same file. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readDataset } from '../../src/datasets/index.ts'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { JobDataset, JobInput, JobResult } from '../../src/methods/job-types.ts'
import type { OpenFile } from '../../src/methods/output-folder.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk, openFile } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { IMAGES, openFixture } from '../support/fixtures.ts'
import { npzOf } from '../support/npz.ts'

const EXAMPLES = 1500
const TRAINING = { epochs: 2, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.0005 } }

describe('fine-tune', () => {
  let engine: Engine, home: string, dataset: JobDataset, pruned: string
  const opened: Array<{ close (): Promise<void> }> = []

  before(async () => {
    engine = await loadEngine()
    home = await mkdtemp(path.join(tmpdir(), 'espalier-train-'))
    const images = await openFixture(IMAGES)
    const { splits } = await readDataset(images)
    const { features, targets } = splits.test!
    const x = (await features[0]!.read(0, EXAMPLES)).map((value) => value / 255)
    const y = await targets[0]!.read(0, EXAMPLES)
    await images.close()
    const bytes = await npzOf({ x: { shape: [EXAMPLES, 28, 28], values: x }, y: { shape: [EXAMPLES], values: y } })
    dataset = { source: bytesInMemory(bytes), name: 'images.npz', sha256: 'b'.repeat(64), format: 'npz', inputs: { scale: 1, offset: 0 } }
    pruned = path.join(await run('pruned', 'test/fixtures/models/mlp.keras', { method: 'magnitude', target: { sparsity: 0.95 }, evaluation: false }), 'model.keras')
  })
  after(async () => {
    for (const file of opened) await file.close()
    await rm(home, { recursive: true })
  })

  async function start (name: string, file: string, recipe: object, changes: Partial<JobInput> = {}): Promise<JobResult> {
    const folder = path.join(home, name)
    await mkdir(folder, { recursive: true })
    const source = await (path.isAbsolute(file) ? openFile(file) : openFixture(file))
    const tensors = engine.tf.memory().numTensors
    try {
      return await runJob({
        recipe: parseRecipe(recipe), model: { source, name: path.basename(file), sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
        folder: folderOnDisk(folder), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 28 },
        async spool (spooled) {
          const made = await createSpoolFile(path.join(home, `${name}-${spooled}`))
          opened.push(made)
          return made
        },
        signal: new AbortController().signal, onProgress () {}, ...changes,
      })
    } finally {
      await source.close()
      assert.equal(engine.tf.memory().numTensors, tensors, 'every tensor is freed')
    }
  }
  async function run (...given: Parameters<typeof start>): Promise<string> {
    await start(...given)
    return path.join(home, given[0])
  }
  const tune = async (name: string, training: object = TRAINING, changes: Partial<JobInput> = {}, evaluation: unknown = { latency: false }) =>
    await start(name, pruned, { method: 'fine-tune', training, evaluation }, { dataset, ...changes })

  async function zerosOf (file: string): Promise<Map<string, number[]>> {
    const source: OpenFile = await openFile(file)
    try {
      const model = await readModel(source)
      const entries = await Promise.all(model.layers.flatMap(({ path: layer, weights }) => weights.filter(({ prunable }) => prunable).map(async ({ role, tensor }): Promise<[string, number[]]> => {
        const values = await tensor.read()
        return [`${layer}/${role}`, [...values.keys()].filter((at) => values[at] === 0)]
      })))
      return new Map(entries)
    } finally {
      await source.close()
    }
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
    opened.push(images)
    await assert.rejects(tune('test-part', TRAINING, { dataset: { ...dataset, source: images } }), { code: 'invalid-dataset', message: /test part alone/ })
  })
})
