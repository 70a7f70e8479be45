/** Models that are pruned in streams: the same bytes as in memory, in every format, and memory that does not grow with the model. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { loadEngine } from '../../src/engine/runtime.ts'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { readWeightIndex } from '../../src/methods/weight-record/read.ts'
import type { ByteSource } from '../../src/models/bytes.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk, openFile } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { pathOf } from '../support/fixtures.ts'
import { safetensorsFile, writeLarge } from '../support/large-safetensors.ts'

const MB = 2 ** 20

let folder: string
beforeEach(async () => { folder = await mkdtemp(path.join(tmpdir(), 'espalier-streamed-')) })
afterEach(async () => { await rm(folder, { recursive: true }) })

async function run (source: ByteSource, recipe: object, weightBytes: number | undefined, engine: JobInput['engine'] = async () => assert.fail('TensorFlow is not needed')): Promise<JobResult> {
  return await runJob({
    recipe: parseRecipe(recipe), model: { source, name: 'model', sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
    folder: folderOnDisk(folder), engine, gzipSize, limits: { sessionDataBytes: 2 ** 28, ...(weightBytes !== undefined && { weightBytes }) },
    spool: async (name) => await createSpoolFile(path.join(folder, name)), signal: new AbortController().signal, onProgress () {},
  })
}

/** What runs the held model: TensorFlow for SavedModels. */
const engineOf = (file: string): JobInput['engine'] | undefined => file.startsWith('savedmodel/') ? async () => await loadEngine() : undefined

/** The record of the weights with the bytes of the masks, wherever these lie in the file. */
async function recordIn (name: string): Promise<object> {
  const source = bytesInMemory(new Uint8Array(await readFile(path.join(folder, name))))
  const { tensors, left } = await readWeightIndex(source)
  return { left, tensors: await Promise.all(tensors.map(async ({ mask, ...tensor }) => ({ ...tensor, bits: mask && await source.read(mask.at, mask.bytes) }))) }
}

/** Both ways: the same files and records of weights, and receipts that differ only in how the output was verified and how long it took. */
async function bothWays (file: string | Uint8Array, recipe: object, engine?: JobInput['engine']): Promise<Uint8Array> {
  const source = bytesInMemory(typeof file === 'string' ? new Uint8Array(await readFile(pathOf(file))) : file)
  const results: Array<{ bytes: Uint8Array, receipt: object, record: object }> = []
  for (const limit of [undefined, 16]) {
    const { receipt: { timings, outputs: [output], provenance: { engine: _, versions, ...provenance }, ...receipt }, weights } = await run(source, recipe, limit, limit === undefined ? engine : undefined)
    // What is streamed is not run, and says so.
    const warnings = receipt.warnings.filter((warning) => !warning.includes('the model is too large to be held'))
    results.push({ bytes: new Uint8Array(await readFile(path.join(folder, output!.name))), receipt: { ...receipt, warnings, provenance, sha256: output!.sha256 }, record: await recordIn(weights!.name) })
    assert.ok(output!.verified)
    await rm(path.join(folder, output!.name))
    await rm(path.join(folder, weights!.name))
  }
  const [held, streamed] = results
  assert.ok(Buffer.from(held!.bytes).equals(streamed!.bytes), 'the same bytes')
  assert.deepEqual(streamed!.receipt, held!.receipt)
  assert.deepEqual(rounded(streamed!.record), rounded(held!.record))
  return streamed!.bytes
}

/** Numbers to twelve digits: sums over pieces are added up in another order. */
function rounded (record: unknown): unknown {
  return JSON.parse(JSON.stringify(record), (_, value: unknown) => typeof value === 'number' ? Number(value.toPrecision(12)) : value)
}

describe('the same bytes and the same receipt as in memory', () => {
  const FILES = [
    ['safetensors/plain.safetensors', 0.5], ['safetensors/types.safetensors', 0.6], ['safetensors/shards.zip', 0.5], ['safetensors/shards-deflated.zip', 0.5],
    ['savedmodel/exported.zip', 0.5], ['savedmodel/compiled.zip', 0.5], ['savedmodel/sharded.zip', 0.5], ['savedmodel/mixed.zip', 0.5], ['savedmodel/keras2.zip', 0.5],
    ['onnx/external.zip', 0.5], ['onnx/convolutions.onnx', 0.5], ['onnx/sequences.onnx', 0.5], ['onnx/types.onnx', 0.5],
  ] as const
  for (const [file, sparsity] of FILES) {
    for (const scope of ['global', 'layer', 'erk']) {
      test(`${file}, ${scope}`, async () => { await bothWays(`test/fixtures/${file}`, { method: 'magnitude', scope, target: { sparsity } }, engineOf(file)) })
    }
  }

  test('threshold, an own threshold for some, and random', async () => {
    for (const file of ['safetensors/plain.safetensors', 'savedmodel/mixed.zip', 'onnx/external.zip']) {
      await bothWays(`test/fixtures/${file}`, { method: 'threshold', target: { threshold: 0.4 } }, engineOf(file))
      await bothWays(`test/fixtures/${file}`, { method: 'one-shot', criterion: 'random', seed: 7, target: { sparsity: 0.5 } }, engineOf(file))
    }
    await bothWays('test/fixtures/safetensors/plain.safetensors', { method: 'threshold', target: { threshold: 0.4 }, layers: [{ match: 'model/layers/1/**', threshold: 0.9 }] })
  })

  test('sparsities of their own, layers left alone, F64 opted in, other formats', async () => {
    const layers = [{ match: 'model/layers/*/attn/**', skip: true }, { match: 'model/layers/0/mlp/fc1', sparsity: 0.9 }, { match: 'model/layers/1/mlp/fc1/bias', skip: false }]
    await bothWays('test/fixtures/safetensors/plain.safetensors', { method: 'magnitude', target: { sparsity: 0.5 }, layers })
    await bothWays('test/fixtures/safetensors/shards.zip', { method: 'magnitude', target: { sparsity: 0.5 }, output: ['safetensors'] })
  })

  test('a Keras model, which is not run when it is streamed', async () => {
    for (const compress of [true, false]) {
      for (const output of ['keras', 'keras-h5', 'tfjs-layers', 'safetensors']) {
        await bothWays('test/fixtures/models/mlp.keras', { method: 'magnitude', target: { sparsity: 0.9 }, compress, output: [output], evaluation: false }, async () => await loadEngine())
      }
    }
    const { receipt } = await run(bytesInMemory(new Uint8Array(await readFile(pathOf('test/fixtures/models/mlp.keras')))), { method: 'magnitude', target: { sparsity: 0.9 } }, 1000)
    assert.match(receipt.outputs[0]!.verification, /all weights compared; predictions were not \(the model is too large to be held/)
  })

  test('megabytes of few different values: ties end within a piece, a tensor, and between tensors', async () => {
    for (const steps of [3, 40, 4000]) {
      const file = safetensorsFile({ 'a.weight': ['F32', [700, 1000]], 'b.weight': ['BF16', [1300, 1000]], 'c.weight': ['F16', [900, 1000]], 'd.weight': ['F32', [300, 1000]], 'd.bias': ['F32', [1000]] }, steps)
      for (const [scope, sparsity] of [['global', 0.31], ['global', 0.77], ['layer', 0.5]] as const) await bothWays(file, { method: 'magnitude', scope, target: { sparsity } })
    }
  })
})

describe('what is refused', () => {
  const made = (at: number, value: number): Uint8Array => {
    const file = safetensorsFile({ 'a.weight': ['F32', [100, 100]], 'b.weight': ['F32', [100, 100]], 'b.bias': ['F32', [100]] }, 1000)
    new DataView(file.buffer).setFloat32(file.length - 4 * (10_100 - at), value, true)
    return file
  }
  const nothingThere = async () => { assert.deepEqual(await readdir(folder), []) }

  test('NaN and infinity, with name and place, before anything is written', async () => {
    for (const recipe of [{ method: 'magnitude', target: { sparsity: 0.5 } }, { method: 'threshold', target: { threshold: 0.1 } }, { method: 'one-shot', criterion: 'random', target: { sparsity: 0.5 } }]) {
      for (const [value, name] of [[NaN, 'NaN'], [-Infinity, '-Infinity']] as const) {
        await assert.rejects(run(bytesInMemory(made(1234, value)), recipe, 16), { code: 'invalid-model', message: `the weights b/weight hold ${name} at position 1234; only finite weights can be ranked` })
        await nothingThere()
      }
      await assert.rejects(run(bytesInMemory(made(10_005, NaN)), recipe, 16), { code: 'invalid-model', message: /layer b: its bias\[5\] is NaN/ })
      await nothingThere()
    }
  })

  test('scopes and units that need a tensor in memory, saying what would be right', async () => {
    const source = bytesInMemory(made(0, 1))
    await assert.rejects(run(source, { method: 'magnitude', scope: 'lamp', target: { sparsity: 0.5 } }, MB / 16), { code: 'limit-exceeded', message: /scope lamp needs in memory; .*ESPALIER_CHILD_MEMORY_MB higher, or use scope global, layer or erk/ })
    await assert.rejects(run(source, { method: 'magnitude', granularity: { type: 'n:m', n: 2, m: 4 }, target: { sparsity: 0.5 } }, 1000), { code: 'limit-exceeded', message: /a\/weight has 1 MB of weights, which granularity n:m needs in memory/ })
    await run(source, { method: 'magnitude', granularity: { type: 'n:m', n: 2, m: 4 }, target: { sparsity: 0.5 } }, 50_000)
  })

  test('a job that would change nothing', async () => {
    await assert.rejects(run(bytesInMemory(made(0, 1)), { method: 'threshold', target: { threshold: 1e-9 } }, 16), { code: 'nothing-pruned', message: /smallest magnitude that is left is 0\.0/ })
    await assert.rejects(run(bytesInMemory(made(0, 1)), { method: 'magnitude', target: { sparsity: 0 } }, 16), { code: 'nothing-pruned' })
  })

  test('an output that does not read back as it was to be written', async () => {
    const file = made(0, 1)
    const real = folderOnDisk(folder)
    const job = {
      recipe: parseRecipe({ method: 'magnitude', target: { sparsity: 0.5 } }), model: { source: bytesInMemory(file), name: 'model', sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
      engine: async () => assert.fail(), gzipSize, limits: { sessionDataBytes: 1, weightBytes: 16 }, spool: async (name: string) => await createSpoolFile(path.join(folder, name)), signal: new AbortController().signal, onProgress () {},
    }
    const tampered = { ...real, open: async () => ({ ...bytesInMemory(file), async close () {} }) }
    await assert.rejects(runJob({ ...job, folder: tampered }), { code: 'verification-failed', message: /model\.safetensors was read back: a\/weight\[\d+\] is \S+, 0 was written/ })
    // One bit of one weight, where the file has it.
    await assert.rejects(runJob({
      ...job,
      folder: {
        ...real,
        async open (name) {
          const written = new Uint8Array(await readFile(path.join(folder, name)))
          written[written.length - 4 * 10_100 + 4 * 1234]! ^= 1
          return { ...bytesInMemory(written), async close () {} }
        },
      },
    }), { code: 'verification-failed', message: /model\.safetensors was read back: b\/weight\[1234\] is / })
  })
})

describe('300 MB, of which one tensor has 200', () => {
  let large: string
  before(async () => {
    large = await mkdtemp(path.join(tmpdir(), 'espalier-large-'))
    await writeLarge(path.join(large, 'model.safetensors'), { 'a.weight': ['F32', [50, MB]], 'b.weight': ['BF16', [25, MB]], 'c.weight': ['F16', [25, MB]] })
  })
  after(async () => { await rm(large, { recursive: true }) })

  test('memory grows by less than 150 MB', { timeout: 120_000 }, async () => {
    const source = await openFile(path.join(large, 'model.safetensors'))
    try {
      const start = process.memoryUsage.rss()
      let peak = start
      const timer = setInterval(() => { peak = Math.max(peak, process.memoryUsage.rss()) }, 5)
      const { receipt } = await run(source, { method: 'magnitude', target: { sparsity: 0.5 } }, 2 ** 26)
      clearInterval(timer)
      assert.equal(receipt.after.sparsity, 0.5)
      assert.equal(receipt.after.gzipEstimated, true)
      const written = await openFile(path.join(folder, receipt.outputs[0]!.name))
      let zeros = 0
      for (const { weights } of (await readModel(written)).layers) for (const { tensor } of weights) for await (const values of tensor.chunks()) for (const value of values) if (value === 0) zeros++
      await written.close()
      assert.equal(zeros, 50 * MB)
      assert.ok(peak - start < 150 * MB, `${Math.round((peak - start) / MB)} MB`)
    } finally {
      await source.close()
    }
  })
})
