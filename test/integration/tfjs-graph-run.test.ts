/** TF.js graph models run by TensorFlow give what TF.js' own executor gives for the same files, pruned ones with quantized weights too. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { before, test } from 'node:test'
import { loadGraphModel } from '@tensorflow/tfjs-converter'
import type { io, Tensor } from '@tensorflow/tfjs-core'
import type { BatchArray } from '../../src/engine/predict.ts'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import { randomInputs } from '../../src/methods/random-inputs.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { openRuntime } from '../../src/methods/runtimes/index.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture } from '../support/fixtures.ts'
import { entryOf } from '../unit/models/formats-helpers.ts'

let engine: Engine
before(async () => { engine = await loadEngine() })

/** The file with half of its kernels' numbers at zero. */
async function pruned (name: string): Promise<Uint8Array> {
  const source = await openFixture(name)
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-tfjs-run-'))
  try {
    await runJob({
      recipe: parseRecipe({ method: 'magnitude', target: { sparsity: 0.5 } }), model: { source, name, sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
      folder: folderOnDisk(folder), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 28 },
      spool: async (file) => await createSpoolFile(path.join(folder, file)), signal: new AbortController().signal, onProgress () {},
    })
    return new Uint8Array(await readFile(path.join(folder, 'model.zip')))
  } finally {
    await source.close()
    await rm(folder, { recursive: true })
  }
}

async function byTfjs (zip: Uint8Array, inner: string, input: BatchArray): Promise<Float32Array> {
  const json = JSON.parse(new TextDecoder().decode(await entryOf(zip, `${inner}model.json`))) as io.ModelJSON & { signature: io.ModelArtifacts['signature'] }
  const [{ paths, weights }] = json.weightsManifest as [io.WeightsManifestConfig[number]]
  const weightData = new Uint8Array(Buffer.concat(await Promise.all(paths.map(async (shard) => await entryOf(zip, inner + shard))))).buffer
  const model = await loadGraphModel({ load: async () => ({ modelTopology: json.modelTopology, signature: json.signature!, weightSpecs: weights, weightData, format: 'graph-model' }) })
  const given = engine.tf.tensor(input.values, [...input.shape])
  const output = model.predict(given) as Tensor
  try {
    return output.dataSync() as Float32Array
  } finally {
    engine.tf.dispose([given, output])
    model.dispose()
  }
}

async function byTensorflow (zip: Uint8Array, examples: number): Promise<{ readonly input: BatchArray, readonly output: Float32Array }> {
  const model = await readModel(bytesInMemory(zip))
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-tfjs-run-'))
  try {
    const runtime = await openRuntime({ engine: async () => engine, folder: folderOnDisk(folder), limits: { sessionDataBytes: 2 ** 28 } }, model)
    const predictor = await runtime.load(model)
    const [input] = randomInputs(model.architecture.signature!, examples, 3)
    const [output] = await predictor.predict([input!])
    predictor.dispose()
    return { input: input!, output: output!.values }
  } finally {
    await rm(folder, { recursive: true })
  }
}

for (const [name, inner] of [['tfjs-graph/convolutions', ''], ['tfjs-graph/quantized', 'models/quantized/'], ['tfjs-graph/sharded', ''], ['graph-run/cnn-tfjs', ''], ['graph-run/cnn-tfjs-uint8', '']] as const) {
  test(`${name}, pruned: the outputs of TF.js itself`, async () => {
    const zip = await pruned(`test/fixtures/${name}.zip`)
    const { input, output } = await byTensorflow(zip, 6)
    const expected = await byTfjs(zip, inner, input)
    assert.equal(output.length, expected.length)
    assert.equal(new Set(output).size > 6, true)
    output.forEach((value, at) => { assert.equal(Math.abs(value - expected[at]!) <= 1e-5 * Math.max(1, Math.abs(expected[at]!)), true, `output ${at} is ${value}, ${expected[at]} expected`) })
  })
}
