/** Whole jobs in this process: receipts, models that cannot be run, tampered outputs, aborts, and no tensor or file left behind. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import { runJob } from '../../src/methods/run-job.ts'
import type { OpenFile, OutputFolder } from '../../src/methods/output-folder.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { IMAGES, openFixture } from '../support/fixtures.ts'

const MAGNITUDE = { method: 'magnitude', target: { sparsity: 0.8 } }

describe('a whole job', () => {
  let engine: Engine, folder: string, tensors: number, images: OpenFile

  before(async () => {
    engine = await loadEngine()
    images = await openFixture(IMAGES)
  })
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'espalier-job-'))
    tensors = engine.tf.memory().numTensors
  })
  after(async () => { await images.close() })

  /** Runs the job and checks that it leaves no tensor and no unfinished file, however it ends. */
  async function run (file: string, recipe: object, changes: Partial<JobInput> = {}): Promise<JobResult> {
    const source = await openFixture(file)
    try {
      return await runJob({
        recipe: parseRecipe(recipe), model: { source, name: path.basename(file), sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
        folder: folderOnDisk(folder), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 28 }, spool: async (name) => await createSpoolFile(path.join(folder, name)), signal: new AbortController().signal, onProgress () {}, ...changes,
      })
    } finally {
      await source.close()
      assert.equal(engine.tf.memory().numTensors, tensors)
      assert.deepEqual((await readdir(folder)).filter((name) => name.endsWith('.part')), [])
      await rm(folder, { recursive: true })
    }
  }
  const dataset = (): JobInput['dataset'] => ({ source: images, name: 'images.zip', sha256: 'b'.repeat(64), format: 'idx', inputs: { scale: 1 / 255, offset: 0 } })

  test('progress, predictions, and figures before and after', async () => {
    const stages: string[] = []
    const { receipt, outputs } = await run('test/fixtures/models/mlp.keras', { ...MAGNITUDE, evaluation: { split: 0.1, predictions: 300, latency: false } },
      { dataset: dataset(), onProgress: ({ stage, done, total }) => { if (stage === 'evaluating' ? done === total : done === 0) stages.push(stage) } })
    assert.deepEqual(stages, ['reading', 'pruning', 'evaluating', 'writing', 'verifying'])
    assert.deepEqual(outputs.map(({ name }) => name), ['model.keras', 'predictions.json'])
    assert.ok(receipt.after.metrics!.loss! !== receipt.before.metrics!.loss!)
    assert.equal(receipt.after.effectiveMacs! < receipt.after.macs!, true)
    assert.equal(receipt.provenance.engine.tensorflow, '2.21.0')
    assert.ok(receipt.warnings.some((warning) => /scattered in dense kernels/.test(warning)))
  })

  test('a model with an unknown layer is pruned and its weights compared, but not evaluated', async () => {
    const { receipt } = await run('test/fixtures/formats/unknown.keras', { ...MAGNITUDE, evaluation: false })
    const [output] = receipt.outputs
    assert.equal(output!.verified, true)
    assert.equal(output!.maxDifference, null)
    assert.match(output!.verification, /weights compared/)
    assert.equal(receipt.after.macs, null)
    assert.ok(receipt.warnings.some((warning) => /cannot be run here/.test(warning)))
    folder = await mkdtemp(path.join(tmpdir(), 'espalier-job-'))
    await assert.rejects(run('test/fixtures/formats/unknown.keras', MAGNITUDE, { dataset: dataset() }), { code: 'unsupported-layer', message: /"evaluation": false/ })
  })

  test('float16, bfloat16 and float64 weights come back as they were written', async () => {
    const { receipt } = await run('test/fixtures/formats/types.keras', { ...MAGNITUDE, evaluation: false })
    assert.equal(receipt.outputs[0]!.verified, true)
  })

  test('an output that does not read back as written fails the job', async () => {
    const real = folderOnDisk(folder)
    const tampered: OutputFolder = { ...real, open: async () => await openFixture('test/fixtures/models/mlp.keras') }
    await assert.rejects(run('test/fixtures/models/mlp.keras', { ...MAGNITUDE, evaluation: false }, { folder: tampered }), {
      code: 'verification-failed', message: /model\.keras was read back: dense\S*\/kernel\[\d+\] is/,
    })
  })

  test('an abort in the middle of the evaluation stops it', async () => {
    const stop = new AbortController()
    const aborted = run('test/fixtures/models/mlp.keras', MAGNITUDE, { dataset: dataset(), signal: stop.signal, onProgress: ({ stage }) => { if (stage === 'evaluating') stop.abort() } })
    await assert.rejects(aborted, { name: 'AbortError' })
  })

  test('a disk that is full leaves no half-written file', async () => {
    const real = folderOnDisk(folder)
    const full: OutputFolder = {
      ...real,
      async create (name) {
        const file = await real.create(name)
        return { ...file, write: async () => { throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }) } }
      },
    }
    await assert.rejects(run('test/fixtures/models/mlp.h5', { ...MAGNITUDE, evaluation: false }, { folder: full }), /no space left/)
  })

  test('evaluate without a data set says what it needs', async () => {
    await assert.rejects(run('test/fixtures/models/mlp.h5', { method: 'evaluate' }), { code: 'invalid-request', message: /needs a data set/ })
  })

  test('the same recipe gives the same bytes', async () => {
    const first = await run('test/fixtures/models/resnet8.keras', { ...MAGNITUDE, evaluation: false })
    folder = await mkdtemp(path.join(tmpdir(), 'espalier-job-'))
    const second = await run('test/fixtures/models/resnet8.keras', { ...MAGNITUDE, evaluation: false })
    assert.equal(first.outputs[0]!.sha256, second.outputs[0]!.sha256)
  })
})
