/** Whole jobs on ONNX files without a data set: no TensorFlow is loaded, the weights are pruned, written and read back, the receipt says what was not measured. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { IMAGES, openFixture } from '../support/fixtures.ts'

const NET = 'test/fixtures/onnx/convolutions.onnx'
const SEQUENCES = 'test/fixtures/onnx/sequences.onnx'

describe('a job on an ONNX file', () => {
  let folder: string
  beforeEach(async () => { folder = await mkdtemp(path.join(tmpdir(), 'espalier-onnx-')) })
  afterEach(async () => { await rm(folder, { recursive: true }) })

  async function run (file: string, recipe: object, changes: Partial<JobInput> = {}): Promise<JobResult> {
    const source = await openFixture(file)
    try {
      return await runJob({
        recipe: parseRecipe(recipe), model: { source, name: path.basename(file), sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
        folder: folderOnDisk(folder), engine: async () => assert.fail('TensorFlow is not needed'), gzipSize, limits: { sessionDataBytes: 2 ** 28 },
        spool: async (name) => await createSpoolFile(path.join(folder, name)), signal: new AbortController().signal, onProgress () {}, ...changes,
      })
    } finally {
      await source.close()
    }
  }

  /** Zeros of each weight in the file that was written, by `layer/role`. */
  async function zerosOf (name: string): Promise<Map<string, number>> {
    const model = await readModel(bytesInMemory(new Uint8Array(await readFile(path.join(folder, name)))))
    const zeros = new Map<string, number>()
    for (const layer of model.layers) for (const { role, tensor } of layer.weights) zeros.set(`${layer.path}/${role}`, (await tensor.read()).filter((value) => value === 0).length)
    return zeros
  }

  for (const scope of ['global', 'layer', 'erk', 'lamp']) {
    for (const file of [NET, SEQUENCES]) {
      test(`magnitude, scope ${scope}, ${path.basename(file)}: exactly the zeros that were asked for`, async () => {
        const { receipt, outputs } = await run(file, { method: 'magnitude', scope, target: { sparsity: 0.75 } })
        assert.deepEqual(outputs.map(({ name, format }) => [name, format]), [['model.onnx', 'onnx']])
        const zeros = [...(await zerosOf('model.onnx')).values()].reduce((sum, count) => sum + count, 0)
        const pool = file === NET ? 491 : 533
        assert.equal(receipt.after.prunableWeights, pool)
        // Layers of their own round each for itself.
        if (scope === 'layer') assert.ok(Math.abs(zeros - 0.75 * pool) <= receipt.layers.length / 2)
        else assert.equal(zeros, Math.floor(0.75 * pool + 0.5))
        assert.equal(Math.round(receipt.after.sparsity * pool), zeros)
        assert.equal(receipt.outputs[0]!.verified, true)
        assert.equal(receipt.outputs[0]!.bytes, receipt.before.bytes)
      })
    }
  }

  test('the receipt says that accuracy was not measured, and why', async () => {
    const { receipt } = await run(NET, { method: 'magnitude', target: { sparsity: 0.5 } })
    assert.deepEqual([receipt.before.metrics, receipt.after.latencyMs, receipt.evaluation, receipt.after.macs], [null, null, null, null])
    assert.equal(receipt.notMeasured, 'no data set was given')
    assert.match(receipt.outputs[0]!.verification, /all weights equal, predictions of 8 examples/)
    assert.equal(receipt.warnings.some((warning) => /cannot be run here/.test(warning)), false)
    assert.equal(receipt.provenance.model.format, 'onnx')
    assert.ok(receipt.after.gzipBytes < receipt.before.gzipBytes)
  })

  test('threshold, and rules by pattern: skipped, with a threshold of their own, opted in', async () => {
    const { receipt } = await run(NET, {
      method: 'threshold',
      target: { threshold: 0.5 },
      layers: [{ match: 'features/**', skip: true }, { match: 'fc*', threshold: 100 }, { match: 'last/B', threshold: 100, skip: false }],
    })
    const zeros = await zerosOf('model.onnx')
    assert.deepEqual(['features/conv/Conv/W', 'features/depthwise/Conv/W', 'fc1/B', 'fc1/C', 'fc2/B', 'last/B'].map((name) => zeros.get(name)), [0, 0, 24, 0, 30, 3])
    assert.match(receipt.layers.find(({ name }) => name === 'features/conv/Conv')!.skipped!, /the recipe skips it/)
    assert.match(receipt.layers.find(({ name }) => name === 'features/bn')!.skipped!, /normalisation/)
  })

  test('magnitude with a sparsity of its own for some layers', async () => {
    await run(SEQUENCES, { method: 'magnitude', target: { sparsity: 0.1 }, layers: [{ match: 'rnn', sparsity: 0.9 }] })
    const zeros = await zerosOf('model.onnx')
    assert.equal(zeros.get('rnn/W')! + zeros.get('rnn/R')!, Math.floor(0.9 * 320 + 0.5))
  })

  test('16-bit floats, and numbers in every field, read back as they were written', async () => {
    const { receipt } = await run('test/fixtures/onnx/types.onnx', { method: 'magnitude', target: { sparsity: 0.8 } })
    assert.equal(receipt.outputs[0]!.verified, true)
  })

  test('external data: a zip in, a zip out', async () => {
    const { receipt, outputs } = await run('test/fixtures/onnx/external.zip', { method: 'magnitude', target: { sparsity: 0.5 } })
    assert.equal(outputs[0]!.name, 'model.zip')
    assert.equal(receipt.after.sparsity, 0.5)
    assert.deepEqual(await zerosOf('model.zip').then((zeros) => zeros.get('first/B')! + zeros.get('second/B')!), 80)
  })

  test('what cannot be done is refused: other formats, data sets, training', async () => {
    await assert.rejects(run(NET, { method: 'magnitude', target: { sparsity: 0.5 }, output: ['keras'] }), { code: 'unsupported-format', message: /ONNX model .*cannot be converted to keras/ })
    await assert.rejects(run('test/fixtures/models/mlp.keras', { method: 'magnitude', target: { sparsity: 0.5 }, output: ['onnx'], evaluation: false }, { engine: (await engineOf()) }), { code: 'unsupported-format', message: /cannot be converted to ONNX/ })
    const images = await openFixture(IMAGES)
    const dataset = { source: images, name: 'images.zip', sha256: 'b'.repeat(64), format: 'idx', inputs: { scale: 1 / 255, offset: 0 } }
    await assert.rejects(run(NET, { method: 'magnitude', target: { sparsity: 0.5 } }, { dataset }), { code: 'shape-mismatch', message: /takes \[3, 6, 6\] for one example, the features have \[28, 28\]/ })
    await assert.rejects(run(NET, { method: 'gradual', target: { sparsity: 0.5 } }, { dataset }), { code: 'unsupported-layer', message: /cannot be trained here.*ONNX/ })
    await images.close()
  })
})

/** Keras models are run before they are written. */
async function engineOf (): Promise<JobInput['engine']> {
  const { loadEngine } = await import('../../src/engine/runtime.ts')
  const engine = await loadEngine()
  return async () => engine
}
