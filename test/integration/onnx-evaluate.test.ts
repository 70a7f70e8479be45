/** Whole jobs on ONNX files with data sets: metrics, predictions and pruned models are those of onnxruntime for Python; no TensorFlow is loaded. */
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { spawnEngine } from '../../src/worker/engine-child.ts'
import { assertNear, assertRunAs, figuresOf, runFixture } from '../support/fixture-jobs.ts'
import { pathOf } from '../support/fixtures.ts'

const FOLDER = 'test/fixtures/onnx-run'
const { sparsity, files } = figuresOf(FOLDER)
const PRUNE = { method: 'magnitude', target: { sparsity } }

/** Largest difference: half precision adds in another order on another machine. */
const tolerance = (name: string) => name === 'half.onnx' ? 5e-3 : 1e-5

describe('a job on an ONNX file with a data set', () => {
  let folder: string
  beforeEach(async () => { folder = await mkdtemp(path.join(tmpdir(), 'espalier-onnx-')) })
  afterEach(async () => { await rm(folder, { recursive: true }) })

  const jobs = { fixtures: FOLDER, format: 'onnx', dataPath: (name: string) => `${FOLDER}/${name}`, engine: async () => assert.fail('TensorFlow is not needed'), limits: { sessionDataBytes: 2 ** 28, threads: 1 } }
  const run = async (file: string, data: string | null, recipe: object, changes: Partial<JobInput> = {}): Promise<JobResult> => await runFixture({ ...jobs, folder }, file, data, recipe, changes)

  for (const [name, figures] of Object.entries(files)) {
    test(`${name}: metrics before and after, and predictions, are onnxruntime's`, async () => {
      const result = await run(name, figures.data, { ...PRUNE, evaluation: { batchSize: 32, predictions: 2 } })
      await assertRunAs(figures, result, folder, tolerance(name))
      const { outputs, weights } = result
      assert.deepEqual(outputs.map((output) => output.name), [name.endsWith('.zip') ? 'model.zip' : 'model.onnx', 'predictions.json'])
      assert.deepEqual((await readdir(folder)).sort(), [...outputs, weights!].map((output) => output.name).sort(), 'files for onnxruntime are gone')
    })
  }

  test('the receipt has latency, intervals, what ran the model, and what was done with images', async () => {
    const { receipt } = await run('cnn.onnx', 'colours.npz', PRUNE)
    const { before, after, evaluation, provenance, warnings, notMeasured } = receipt
    assert.equal(before.latencyMs!.batch, 1)
    assert.equal(after.latencyMs!.p50 > 0 && after.latencyMs!.runs >= 10, true)
    assert.equal(evaluation!.interval95!.after[0] < after.metrics!.accuracy! && after.metrics!.accuracy! < evaluation!.interval95!.after[1], true)
    assert.deepEqual(evaluation!.inputs, { scale: 1 / 255, offset: 0, source: 'the default for images of bytes' })
    assert.deepEqual(provenance.engine, { device: 'cpu', onnxruntime: provenance.versions.onnxruntime, threads: 1 })
    assert.equal('tensorflow' in provenance.versions, false)
    assert.equal(warnings.filter((warning) => /features \[8, 8, 3\] are turned round to \[3, 8, 8\]/.test(warning)).length, 1)
    assert.equal(notMeasured, undefined)
  })

  test('a model of a fixed batch is measured in such batches', async () => {
    const { receipt } = await run('cnn-batch-4.onnx', 'colours.npz', { method: 'evaluate', evaluation: { batchSize: 7 } })
    assertNear(receipt.before.metrics, files['cnn-batch-4.onnx']!.before, 1e-5)
    assert.equal(receipt.before.latencyMs!.batch, 4)
  })

  test('evaluate measures a model once, and whole numbers are not scaled', async () => {
    const { receipt, outputs } = await run('tokens.onnx', 'tokens.npz', { method: 'evaluate' })
    assertNear(receipt.before.metrics, files['tokens.onnx']!.before, 1e-5)
    assert.deepEqual(receipt.after.metrics, receipt.before.metrics)
    assert.deepEqual([receipt.outputs, outputs], [[], []])
  })

  test('without a data set the written file is still compared by predictions', async () => {
    const { receipt } = await run('cnn-external.zip', null, PRUNE)
    assert.equal(receipt.notMeasured, 'no data set was given')
    assert.match(receipt.outputs[0]!.verification, /predictions of 8 examples/)
  })

  test('a model that is too large is pruned, and the receipt says that it was not run', async () => {
    const limits = { sessionDataBytes: 2 ** 28, modelBytes: 1000 }
    const { receipt } = await run('cnn.onnx', 'colours.npz', PRUNE, { limits })
    assert.match(receipt.notMeasured!, /the model has \d+ bytes, models of at most 1000 are run/)
    assert.deepEqual([receipt.after.metrics, receipt.evaluation, receipt.outputs[0]!.verified, receipt.outputs[0]!.maxDifference], [null, null, true, null])
    assert.equal(receipt.warnings.some((warning) => /cannot be run here \(the model has/.test(warning)), true)
    await assert.rejects(run('cnn.onnx', 'colours.npz', { method: 'evaluate' }, { limits }), { code: 'limit-exceeded', message: /at most 1000/ })
  })

  test('what cannot be evaluated is refused with the reason, and pruned without a data set', async () => {
    await assert.rejects(run('trees-map.onnx', 'rows.npz', PRUNE), { code: 'unsupported-layer', message: /map: sequence.*zipmap off.*"evaluation": false/ })
    const { receipt } = await run('trees-map.onnx', null, PRUNE)
    assert.match(receipt.outputs[0]!.verification, /weights compared; predictions were not.*tensor of fractions/)
    await assert.rejects(run('cnn.onnx', 'rows.npz', PRUNE), { code: 'shape-mismatch', message: /takes \[3, 8, 8\] for one example, the features have \[4\]/ })
    await assert.rejects(run('tokens.onnx', 'colours.npz', PRUNE), { code: 'shape-mismatch', message: /2 inputs/ })
    await assert.rejects(run('tokens.onnx', 'tokens.npz', { ...PRUNE, inputs: { scale: 0.5, offset: 0 } }), { code: 'shape-mismatch', message: /the input ids takes int64, the features have \d+\.5/ })
  })

  test('operators that onnxruntime does not have fail an evaluation, with what it says, and nothing else', async () => {
    const bytes = new Uint8Array(readFileSync(pathOf(`${FOLDER}/cnn.onnx`)))
    const at = Buffer.from(bytes).lastIndexOf('\x22\x04Relu')
    bytes.set(Buffer.from('Rolu'), at + 2)
    const model = { source: bytesInMemory(bytes), name: 'cnn.onnx', sha256: 'a'.repeat(64), format: 'onnx' }
    await assert.rejects(run('cnn.onnx', 'colours.npz', PRUNE, { model }), { code: 'unsupported-layer', message: /onnxruntime cannot load the model: .*Rolu.*; with "evaluation": false/ })
    await assert.rejects(run('cnn.onnx', 'colours.npz', { method: 'evaluate' }, { model }), { code: 'unsupported-layer', message: /Rolu.*17$/ })
    const { receipt } = await run('cnn.onnx', 'colours.npz', { ...PRUNE, evaluation: false }, { model })
    assert.equal(receipt.notMeasured, 'the recipe turns evaluation off')
    assert.match(receipt.outputs[0]!.verification, /all weights compared; predictions were not \(onnxruntime cannot load the model: .*Rolu/)
  })

  test('in an engine process, beside TensorFlow', async () => {
    const child = spawnEngine({ settings: { threads: 2 }, env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' }, memoryLimitBytes: 2 ** 32, timeoutMs: 0 })
    try {
      const never = new AbortController().signal
      const { receipt } = await child.run({
        job: 'onnx', attempt: 1, recipe: parseRecipe(PRUNE), model: { path: pathOf(`${FOLDER}/cnn.onnx`), bytes: statSync(pathOf(`${FOLDER}/cnn.onnx`)).size, name: 'cnn.onnx', sha256: 'a'.repeat(64), format: 'onnx' },
        dataset: { path: pathOf(`${FOLDER}/colours.npz`), bytes: statSync(pathOf(`${FOLDER}/colours.npz`)).size, name: 'colours.npz', sha256: 'b'.repeat(64), format: 'npz', inputs: { scale: 1 / 255, offset: 0 } },
        evaluationDataset: null, folder, checkpoint: null, checkpointFolder: folder,
      }, { onProgress () {}, onMetrics () {}, onCheckpoint: async () => true, signal: never, pause: never })
      assertNear(receipt.after.metrics, files['cnn.onnx']!.after, 1e-5)
      assert.equal(receipt.provenance.engine.threads, 2)
    } finally {
      await child.kill()
    }
  })

  test('methods that train, and criteria that look at data, want a layer graph', async () => {
    const unsupported = (message: RegExp) => ({ code: 'unsupported-layer', message })
    await assert.rejects(run('cnn.onnx', 'colours.npz', { method: 'gradual', target: { sparsity } }), unsupported(/cannot be trained here: it is an ONNX model/))
    for (const criterion of ['wanda', 'gradient']) await assert.rejects(run('cnn.onnx', 'colours.npz', { method: 'one-shot', criterion, target: { sparsity } }), unsupported(new RegExp(`cannot be run here: it is an ONNX model.*criterion ${criterion}`)))
    await assert.rejects(run('cnn.onnx', 'colours.npz', { method: 'sparsegpt', target: { sparsity } }), unsupported(/it is an ONNX model.*sparsegpt/))
  })

  test('the largest sparsity that keeps the accuracy is found without a layer graph', async () => {
    const { receipt } = await run('cnn.onnx', 'colours.npz', { method: 'magnitude', scope: 'layer', target: { maxAccuracyDrop: 0.5 }, search: { attempts: 4, examples: 40 }, evaluation: { latency: false } })
    const { search, outputs } = receipt
    assert.deepEqual(search!.curve.map(({ value, held }) => held === (value >= search!.allowed)), Array(4).fill(true))
    assert.equal(search!.chosen, Math.max(...search!.curve.filter(({ held }) => held).map(({ sparsity }) => sparsity)))
    assert.equal(outputs[0]!.maxDifference, 0)
  })

  test('an abort in the middle of the evaluation stops it', async () => {
    const stop = new AbortController()
    const aborted = run('cnn.onnx', 'colours.npz', { ...PRUNE, evaluation: { batchSize: 8 } }, { signal: stop.signal, onProgress: ({ stage }) => { if (stage === 'evaluating') stop.abort() } })
    await assert.rejects(aborted, { name: 'AbortError' })
    assert.deepEqual(await readdir(folder), [])
  })
})
