/** Whole jobs on SavedModels and TF.js graph models with data sets: metrics, predictions and pruned models are those of TensorFlow for Python. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, before, beforeEach, describe, test } from 'node:test'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { openZip, writeZip } from '../../src/models/zip.ts'
import { assertNear, assertRunAs, figuresOf, runFixture } from '../support/fixture-jobs.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'

const FOLDER = 'test/fixtures/graph-run'
const { sparsity, files } = figuresOf(FOLDER)
const PRUNE = { method: 'magnitude', target: { sparsity } }

/** Largest difference: half precision adds in another order on another machine. */
const tolerance = (name: string) => name === 'tokens-half.zip' ? 5e-3 : 1e-5

/** Data sets lie beside the models, or with those of ONNX models. */
const dataPath = (name: string) => existsSync(pathOf(`${FOLDER}/${name}`)) ? `${FOLDER}/${name}` : `test/fixtures/onnx-run/${name}`

describe('a job on a TensorFlow graph with a data set', () => {
  let engine: Engine
  let folder: string
  before(async () => { engine = await loadEngine() })
  beforeEach(async () => { folder = await mkdtemp(path.join(tmpdir(), 'espalier-graph-')) })
  afterEach(async () => { await rm(folder, { recursive: true }) })

  const run = async (file: string, data: string | null, recipe: object, changes: Partial<JobInput> = {}): Promise<JobResult> =>
    await runFixture({ fixtures: FOLDER, format: '', folder, dataPath, engine: async () => engine, limits: { sessionDataBytes: 2 ** 28 } }, file, data, recipe, changes)

  for (const [name, figures] of Object.entries(files)) {
    test(`${name}: metrics before and after, and predictions, are TensorFlow's`, async () => {
      const held = engine.tf.memory().numTensors
      const result = await run(name, figures.data, { ...PRUNE, evaluation: { batchSize: 32, predictions: 2, latency: false } })
      await assertRunAs(figures, result, folder, tolerance(name))
      assert.deepEqual((await readdir(folder)).sort(), [...result.outputs, result.weights!].map((output) => output.name).sort(), 'files for TensorFlow are gone')
      assert.equal(engine.tf.memory().numTensors, held)
    })
  }

  test('the receipt has latency, intervals, what ran the model, and how images were scaled', async () => {
    const { receipt } = await run('cnn.zip', 'colours.npz', PRUNE)
    const { before, after, evaluation, provenance, warnings, notMeasured } = receipt
    assert.equal(before.latencyMs!.batch, 1)
    assert.equal(after.latencyMs!.p50 > 0 && after.latencyMs!.p95 >= after.latencyMs!.p50 && after.latencyMs!.runs >= 10, true)
    assert.equal(evaluation!.interval95!.after[0] < after.metrics!.accuracy! && after.metrics!.accuracy! < evaluation!.interval95!.after[1], true)
    assert.deepEqual(evaluation!.inputs, { scale: 1 / 255, offset: 0, source: 'the default for images of bytes' })
    assert.deepEqual([provenance.versions.tensorflow, provenance.engine.device], [engine.info.tensorflow, engine.info.device])
    assert.equal(warnings.some((warning) => /turned round|cannot be run/.test(warning)), false)
    assert.equal(notMeasured, undefined)
  })

  test('evaluate measures a model once; a loop converted as a function, and whole numbers that are not scaled', async () => {
    const { receipt, outputs } = await run('tokens-tfjs-functions.zip', 'tokens.npz', { method: 'evaluate' })
    assertNear(receipt.before.metrics, files['tokens.zip']!.before, 1e-5)
    assert.deepEqual(receipt.after.metrics, receipt.before.metrics)
    assert.deepEqual([receipt.outputs, outputs], [[], []])
  })

  for (const name of ['cnn.zip', 'keras2-softmax.zip', 'cnn-tfjs-uint8.zip', 'first.zip']) {
    test(`${name}: the largest sparsity that keeps the accuracy, found over examples that are not reported`, async () => {
      const recipe = { method: 'magnitude', scope: 'layer', target: { maxAccuracyDrop: 0.3 }, search: { attempts: 5, examples: 40 }, evaluation: { latency: false } }
      const { receipt } = await run(name, name === 'first.zip' ? 'binary.npz' : 'colours.npz', recipe)
      const { search, after, outputs } = receipt
      assert.equal(search!.curve.length, 5)
      assert.equal(Math.abs(search!.allowed - (search!.baseline - 0.3)) < 1e-12, true)
      assert.deepEqual(search!.curve.map(({ value, held }) => held === (value >= search!.allowed)), Array(5).fill(true))
      assert.equal(search!.chosen, Math.max(...search!.curve.filter(({ held }) => held).map(({ sparsity }) => sparsity)))
      assert.equal(Math.abs(after.sparsity - search!.chosen!) < 0.05, true)
      assert.deepEqual([outputs[0]!.verified, outputs[0]!.maxDifference], [true, 0])
    })
  }

  test('a lowest accuracy that nothing keeps is missed, with the curve', async () => {
    await assert.rejects(run('cnn.zip', 'colours.npz', { method: 'magnitude', target: { minAccuracy: 0.99 }, search: { attempts: 2, examples: 40 } }), { code: 'target-missed', message: /2 evaluations of 40 examples/ })
  })

  test('the scope sensitivity evaluates each layer pruned alone', async () => {
    const { receipt } = await run('cnn.zip', 'colours.npz', { method: 'magnitude', scope: 'sensitivity', target: { sparsity: 0.5 }, calibration: { examples: 40 }, evaluation: { latency: false } })
    assert.deepEqual(receipt.sensitivity!.map(({ layer }) => layer.split('/').at(-1)), ['first', 'depth', 'head'])
    assert.equal(Math.abs(receipt.after.sparsity - 0.5) < 0.01, true)
  })

  test('methods that train, and criteria that look into layers, want a layer graph', async () => {
    const unsupported = (message: RegExp) => ({ code: 'unsupported-layer', message })
    for (const [name, called] of [['cnn.zip', 'a SavedModel'], ['cnn-tfjs.zip', 'a TF.js graph model']] as const) {
      await assert.rejects(run(name, 'colours.npz', { method: 'gradual', target: { sparsity } }), unsupported(new RegExp(`cannot be trained here: it is ${called}`)))
      await assert.rejects(run(name, 'colours.npz', { method: 'one-shot', criterion: 'wanda', target: { sparsity } }), unsupported(new RegExp(`it is ${called}.*criterion wanda`)))
      await assert.rejects(run(name, 'colours.npz', { method: 'sparsegpt', target: { sparsity } }), unsupported(/sparsegpt/))
    }
  })

  test('a model that is too large is pruned, and the receipt says that it was not run', async () => {
    for (const [name, bytes] of [['cnn.zip', 1000], ['cnn-tfjs.zip', 100]] as const) {
      const limits = { sessionDataBytes: 2 ** 28, modelBytes: bytes }
      const { receipt } = await run(name, 'colours.npz', PRUNE, { limits })
      assert.match(receipt.notMeasured!, new RegExp(`the model has \\d+ bytes, models of at most ${bytes} are run`))
      assert.deepEqual([receipt.after.metrics, receipt.outputs[0]!.verified, receipt.outputs[0]!.maxDifference], [null, true, null])
      await assert.rejects(run(name, 'colours.npz', { method: 'magnitude', target: { maxAccuracyDrop: 0.1 } }, { limits }), { code: 'limit-exceeded' })
    }
  })

  test('data of another shape is refused, and whole numbers that are none', async () => {
    await assert.rejects(run('cnn.zip', 'rows.npz', PRUNE), { code: 'shape-mismatch', message: /takes \[8, 8, 3\] for one example, the features have \[4\]/ })
    await assert.rejects(run('tokens.zip', 'tokens.npz', { ...PRUNE, inputs: { scale: 0.5, offset: 0 } }), { code: 'shape-mismatch', message: /the input words takes int32, the features have \d+\.5/ })
  })

  test('what TensorFlow cannot run fails an evaluation, with what it says, and nothing else', async () => {
    const changed = await withNode('cnn.zip', 'Conv2D', 'Conv3D')
    await assert.rejects(run('cnn.zip', 'colours.npz', PRUNE, { model: changed }), { code: 'unsupported-layer', message: /TensorFlow cannot (load|run) the graph: .*; with "evaluation": false/ })
    const { receipt } = await run('cnn.zip', 'colours.npz', { ...PRUNE, evaluation: false }, { model: changed })
    assert.match(receipt.outputs[0]!.verification, /all weights compared; predictions were not \(.*TensorFlow cannot/)
    assert.deepEqual(receipt.outputs[0]!.verified, true)
  })

  test('an abort in the middle of the evaluation stops it', async () => {
    const stop = new AbortController()
    const aborted = run('cnn.zip', 'colours.npz', { ...PRUNE, evaluation: { batchSize: 8, latency: false } }, { signal: stop.signal, onProgress: ({ stage }) => { if (stage === 'evaluating') stop.abort() } })
    await assert.rejects(aborted, { name: 'AbortError' })
    assert.deepEqual(await readdir(folder), [])
  })
})

/** A fixture whose nodes of one operation are of another one with a name of the same length. */
async function withNode (file: string, from: string, to: string): Promise<JobInput['model']> {
  const source = await openFixture(`${FOLDER}/${file}`)
  const entries = await openZip(source)
  const inputs = await Promise.all(entries.map(async ({ name, source: open }) => {
    const own = await open()
    const content = Buffer.from(await own.read(0, own.size))
    const pattern = Buffer.concat([Buffer.from([0x12, from.length]), Buffer.from(from)])
    if (name === 'saved_model.pb') for (let at = content.indexOf(pattern); at >= 0; at = content.indexOf(pattern, at + 1)) content.write(to, at + 2)
    return { name, deflate: false, content: new Uint8Array(content) }
  }))
  await source.close()
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) pieces.push(piece.slice())
  return { source: bytesInMemory(new Uint8Array(Buffer.concat(pieces))), name: file, sha256: 'a'.repeat(64), format: 'savedmodel' }
}
