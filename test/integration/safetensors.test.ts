/** Whole jobs on safetensors files: no data set, every method that needs none, and the file that comes out. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { loadEngine } from '../../src/engine/runtime.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'

const PLAIN = 'test/fixtures/safetensors/plain.safetensors'
const SHARDS = 'test/fixtures/safetensors/shards.zip'

describe('a job on a safetensors file', () => {
  let folder: string
  beforeEach(async () => { folder = await mkdtemp(path.join(tmpdir(), 'espalier-safetensors-')) })
  afterEach(async () => { await rm(folder, { recursive: true }) })

  async function run (file: string, recipe: object, changes: Partial<JobInput> = {}): Promise<JobResult> {
    const source = await openFixture(file)
    try {
      return await runJob({
        recipe: parseRecipe(recipe), model: { source, name: path.basename(file), sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
        folder: folderOnDisk(folder), engine: async () => { throw new Error('nothing is to be computed') }, gzipSize, limits: { sessionDataBytes: 2 ** 28 },
        spool: async (name) => await createSpoolFile(path.join(folder, name)), signal: new AbortController().signal, onProgress () {}, ...changes,
      })
    } finally {
      await source.close()
    }
  }

  const bytes = async (file: string) => new Uint8Array(await readFile(file))
  const output = async ({ outputs }: JobResult) => await readModel(bytesInMemory(await bytes(path.join(folder, outputs[0]!.name))))

  /** Values of the prunable weights, by key; not those of `edges`, which have zeros before they are pruned. */
  async function pool (model: ModelFile): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>()
    for (const { weights } of model.layers) for (const { prunable, tensor } of weights) if (prunable && !tensor.key.startsWith('edges')) found.set(tensor.key, await tensor.read())
    return found
  }
  const zerosIn = (arrays: Iterable<Float32Array>) => [...arrays].reduce((sum, values) => sum + values.filter((value) => value === 0).length, 0)

  for (const file of [PLAIN, SHARDS]) {
    for (const scope of ['global', 'layer', 'erk', 'lamp']) {
      test(`magnitude, ${scope}, ${path.basename(file)}: the exact count goes, what is left is what was there`, async () => {
        const layers = file === PLAIN ? [{ match: 'edges/**', skip: true }] : []
        const result = await run(file, { method: 'magnitude', scope, layers, target: { sparsity: 0.75 } })
        const { receipt } = result
        const [before, after] = [await pool(await readModel(bytesInMemory(await bytes(pathOf(file))))), await pool(await output(result))]
        const size = [...before.values()].reduce((sum, { length }) => sum + length, 0)
        assert.deepEqual([...after.keys()], [...before.keys()])
        if (scope === 'layer') for (const [key, values] of after) assert.equal(zerosIn([values]), Math.floor(0.75 * values.length + 0.5), key)
        else assert.equal(zerosIn(after.values()), Math.floor(0.75 * size + 0.5))
        assert.equal(receipt.after.prunableWeights, size)
        assert.equal(receipt.after.sparsity, zerosIn(after.values()) / size)
        for (const [key, values] of after) values.forEach((value, at) => assert.ok(value === 0 || Object.is(value, before.get(key)![at]), `${key}[${at}]`))
        if (scope !== 'global') return
        const [kept, gone] = [[] as number[], [] as number[]]
        for (const [key, values] of before) values.forEach((value, at) => (after.get(key)![at] === 0 ? gone : kept).push(Math.abs(value)))
        assert.ok(Math.max(...gone) <= Math.min(...kept))
      })
    }
  }

  test('threshold: all up to it and no others', async () => {
    const result = await run(PLAIN, { method: 'threshold', target: { threshold: 0.5 } })
    const [before, after] = [await pool(await readModel(bytesInMemory(await bytes(pathOf(PLAIN))))), await pool(await output(result))]
    for (const [key, values] of before) values.forEach((value, at) => assert.equal(after.get(key)![at], Math.abs(value) <= 0.5 ? 0 : value, `${key}[${at}]`))
  })

  test('rules by path: a layer of its own sparsity, layers left alone, biases taken in', async () => {
    const result = await run(PLAIN, {
      method: 'magnitude', target: { sparsity: 0.5 },
      layers: [{ match: 'edges/**', skip: true }, { match: 'model/layers/*/attn/**', skip: true }, { match: 'model/layers/0/mlp/fc1', sparsity: 0.9 }, { match: 'model/layers/1/mlp/fc1/bias', skip: false }],
    })
    const zeros = new Map((await output(result)).layers.flatMap(({ weights }) => weights.map(({ tensor }) => [tensor.key, tensor])))
    const share = async (key: string) => zerosIn([await zeros.get(key)!.read()])
    assert.equal(await share('model.layers.0.mlp.fc1.weight'), Math.floor(0.9 * 24 * 12 + 0.5))
    assert.equal(await share('model.layers.2.attn.q_proj.weight'), 0)
    assert.ok(await share('model.layers.1.mlp.fc1.bias') > 0)
    assert.equal(await share('model.layers.2.mlp.fc1.bias'), 0)
  })

  test('the receipt says what was checked and that accuracy was not measured', async () => {
    const { receipt, outputs } = await run(PLAIN, { method: 'magnitude', target: { sparsity: 0.9 } })
    assert.deepEqual(outputs.map(({ name, format }) => [name, format]), [['model.safetensors', 'safetensors']])
    assert.equal(outputs[0]!.bytes, (await bytes(pathOf(PLAIN))).length)
    assert.equal(receipt.notMeasured, 'no data set was given')
    assert.deepEqual([receipt.before.metrics, receipt.after.metrics, receipt.after.macs, receipt.after.latencyMs], [null, null, null, null])
    assert.match(receipt.outputs[0]!.verification, /all weights compared; predictions were not \(a safetensors file has weights but no layer graph\)/)
    assert.ok(receipt.warnings.some((warning) => /cannot be run here \(a safetensors file has weights but no layer graph\)/.test(warning)))
    assert.match(receipt.layers.find(({ name }) => name === 'position_ids')!.skipped!, /I64 tensors are kept/)
    assert.ok(receipt.after.gzipBytes < receipt.before.gzipBytes)
  })

  test('a tensor that does not read back as written fails the job', async () => {
    const real = folderOnDisk(folder)
    const tampered = { ...real, open: async () => await openFixture(PLAIN) }
    await assert.rejects(run(PLAIN, { method: 'magnitude', target: { sparsity: 0.9 } }, { folder: tampered }), { code: 'verification-failed', message: /model\.safetensors was read back: \S+\/weight\[\d+\] is/ })
  })

  test('a Keras model is written as safetensors besides its own format, and both are read back', async () => {
    const { receipt } = await run('test/fixtures/models/mlp.keras', { method: 'magnitude', target: { sparsity: 0.9 }, evaluation: false, output: ['keras', 'safetensors'] }, { engine: async () => await loadEngine() })
    assert.deepEqual(receipt.outputs.map(({ name, verified }) => [name, verified]), [['model.keras', true], ['model.safetensors', true]])
    assert.match(receipt.outputs[0]!.verification, /all weights equal, predictions of 8 examples/)
    assert.match(receipt.outputs[1]!.verification, /all weights compared; predictions were not \(a safetensors file has weights but no layer graph\)/)
  })

  test('what needs the model run, or another format, is refused', async () => {
    const source = await openFixture('examples/fashion-mnist-test.zip')
    const dataset: JobInput['dataset'] = { source, name: 'images.zip', sha256: 'b'.repeat(64), format: 'idx', inputs: { scale: 1, offset: 0 } }
    await assert.rejects(run(PLAIN, { method: 'magnitude', target: { sparsity: 0.9 } }, { dataset }), { code: 'unsupported-layer', message: /no layer graph; with "evaluation": false/ })
    await assert.rejects(run(PLAIN, { method: 'gradual', target: { sparsity: 0.9 } }, { dataset }), { code: 'unsupported-layer', message: /cannot be trained here: a safetensors file has weights but no layer graph/ })
    await source.close()
    await assert.rejects(run(PLAIN, { method: 'magnitude', target: { sparsity: 0.9 }, output: ['keras'] }), { code: 'unsupported-format', message: /no layer graph, so it cannot be converted to keras/ })
  })
})
