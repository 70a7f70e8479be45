/** Whole jobs on SavedModels and TF.js graph models with data sets: metrics, predictions and pruned models are those of TensorFlow for Python. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, before, beforeEach, describe, test } from 'node:test'
import { readDataset } from '../../src/datasets/index.ts'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'

interface Figures { accuracy: number, loss: number, predictions: number[][] }
interface Case { data: string, task: string, before: Figures, after: Figures }

const FOLDER = 'test/fixtures/graph-run'
const { sparsity, files } = JSON.parse(readFileSync(pathOf(`${FOLDER}/expected.json`), 'utf8')) as { sparsity: number, files: Record<string, Case> }
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

  async function run (file: string, data: string | null, recipe: object, changes: Partial<JobInput> = {}): Promise<JobResult> {
    const source = await openFixture(`${FOLDER}/${file}`)
    const examples = data === null ? null : await openFixture(dataPath(data))
    try {
      const dataset = examples && {
        source: examples, name: data!, sha256: 'b'.repeat(64), format: 'npz', inputs: { scale: (await readDataset(examples)).splits.all!.features.some(({ type }) => type === 'uint8') ? 1 / 255 : 1, offset: 0 },
      }
      return await runJob({
        recipe: parseRecipe(recipe), model: { source, name: file, sha256: 'a'.repeat(64), format: '' }, dataset, evaluationDataset: null,
        folder: folderOnDisk(folder), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 28 },
        spool: async (name) => await createSpoolFile(path.join(folder, name)), signal: new AbortController().signal, onProgress () {}, ...changes,
      })
    } finally {
      await source.close()
      await examples?.close()
    }
  }

  function assertNear (found: Readonly<Record<string, number>> | null, expected: Figures, within: number): void {
    assert.equal(found!.accuracy, expected.accuracy)
    assert.equal(Math.abs(found!.loss! - expected.loss) < within, true, `loss ${found!.loss}, ${expected.loss} expected`)
  }

  for (const [name, { data, task, before, after }] of Object.entries(files)) {
    test(`${name}: metrics before and after, and predictions, are TensorFlow's`, async () => {
      const held = engine.tf.memory().numTensors
      const { receipt, outputs } = await run(name, data, { ...PRUNE, evaluation: { batchSize: 32, predictions: 2 } })
      assertNear(receipt.before.metrics, before, tolerance(name))
      assertNear(receipt.after.metrics, after, tolerance(name))
      assert.equal(receipt.evaluation!.task, task)
      const predictions = JSON.parse(await readFile(path.join(folder, 'predictions.json'), 'utf8')) as { outputs: number[][] }
      const found = predictions.outputs[0]!.flat(Infinity) as number[]
      after.predictions.flat().forEach((value, at) => { assert.equal(Math.abs(found[at]! - value) < Math.max(1, Math.abs(value)) * tolerance(name), true, `prediction ${at} is ${found[at]}, ${value} expected`) })
      assert.equal(found.length, after.predictions.flat().length)
      const [written] = receipt.outputs
      assert.deepEqual([written!.verified, written!.maxDifference], [true, 0])
      assert.match(written!.verification, /all weights equal, predictions of \d+ examples/)
      assert.deepEqual((await readdir(folder)).sort(), outputs.map((output) => output.name).sort(), 'files for TensorFlow are gone')
      assert.equal(engine.tf.memory().numTensors, held)
    })
  }
})
