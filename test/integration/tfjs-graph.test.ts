/** Whole jobs on TF.js graph models: every scope and granularity, quantized weights, layer rules, and what the receipt says; TF.js' own reader sees the zeros. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { io } from '@tensorflow/tfjs-core'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { JobInput } from '../../src/methods/job-types.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { PLAIN_SCOPES } from '../../src/pruning/allocation/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture } from '../support/fixtures.ts'
import { entryOf } from '../unit/models/formats-helpers.ts'

// Decoded tensors need its backend too.
let engine: Engine
before(async () => { engine = await loadEngine() })

type Values = Readonly<Record<string, Float32Array>>
interface Done { readonly receipt: Receipt, readonly values: Values }

/** Runs the job and has TF.js decode the weights of the written file. */
async function run (name: string, recipe: object, changes: Partial<JobInput> = {}, inner = ''): Promise<Done> {
  const source = await openFixture(`test/fixtures/tfjs-graph/${name}.zip`)
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-tfjs-graph-'))
  try {
    const { receipt, outputs } = await runJob({
      recipe: parseRecipe(recipe), model: { source, name: `${name}.zip`, sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
      folder: folderOnDisk(folder), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 28 },
      spool: async (file) => await createSpoolFile(path.join(folder, file)), signal: new AbortController().signal, onProgress () {}, ...changes,
    })
    assert.deepEqual(outputs.map((output) => [output.name, output.format]), [['model.zip', 'tfjs-graph']])
    const values = await decoded(new Uint8Array(await readFile(path.join(folder, 'model.zip'))), inner)
    return { receipt, values }
  } finally {
    await source.close()
    assert.deepEqual((await readdir(folder)).filter((file) => file.endsWith('.part')), [])
    await rm(folder, { recursive: true })
  }
}

async function decoded (zip: Uint8Array, folder: string): Promise<Values> {
  const json = JSON.parse(new TextDecoder().decode(await entryOf(zip, `${folder}model.json`))) as { weightsManifest: Array<{ paths: string[], weights: io.WeightsManifestEntry[] }> }
  const [{ paths, weights }] = json.weightsManifest as [{ paths: string[], weights: io.WeightsManifestEntry[] }]
  const data = Buffer.concat(await Promise.all(paths.map(async (shard) => await entryOf(zip, folder + shard))))
  const tensors = io.decodeWeights(new Uint8Array(data).buffer, weights)
  return Object.fromEntries(weights.filter(({ dtype }) => dtype === 'float32').map(({ name }) => [name.replace('StatefulPartitionedCall/convolutions_1/', ''), tensors[name]!.dataSync() as Float32Array]))
}

const zerosOf = (values: Values) => Object.fromEntries(Object.entries(values).map(([name, numbers]) => [name, numbers.filter((value) => value === 0).length]))

/** The kernels of the fixture convolutions: 108 + 72 + 32 + 40 + 60 + 216 + 16 + 30. */
const KERNEL_WEIGHTS = 574

describe('magnitude', () => {
  for (const scope of PLAIN_SCOPES) {
    test(`scope ${scope}: exactly the zeros asked for`, async () => {
      for (const [name, inner] of [['convolutions', ''], ['sharded', ''], ['quantized', 'models/quantized/']] as const) {
        const { receipt, values } = await run(name, { method: 'magnitude', scope, target: { sparsity: 0.5 } }, {}, inner)
        const zeros = Object.values(zerosOf(values)).reduce((sum, count) => sum + count, 0)
        assert.equal(receipt.layers.reduce((sum, { weights, nonzeros }) => sum + (weights - nonzeros), 0), zeros)
        assert.ok(Math.abs(zeros - KERNEL_WEIGHTS / 2) <= (scope === 'layer' ? 4 : 0), `${name}: ${zeros} of ${KERNEL_WEIGHTS}`)
        assert.equal(receipt.outputs[0]!.verified, true)
      }
    })
  }

  test('n:m runs along input channels, in each kind of kernel', async () => {
    const { values, receipt } = await run('convolutions', { method: 'magnitude', granularity: { type: 'n:m', n: 1, m: 2 }, target: { sparsity: 0.5 } })
    const kernel = values['head_1/Cast/ReadVariableOp']!
    for (let row = 0; row < 6; row += 2) {
      for (let column = 0; column < 5; column++) assert.equal([kernel[row * 5 + column], kernel[(row + 1) * 5 + column]].filter((value) => value === 0).length, 1)
    }
    const skipped = Object.fromEntries(receipt.layers.map(({ name, skipped }) => [name.split('/').at(-2)!, skipped]))
    assert.match(skipped.depthwise_1!, /depthwise/)
    assert.match(skipped.plain_1!, /3 input channels cannot be parted/)
  })

  test('layer rules by pattern; what is left alone can be opted in', async () => {
    const { values, receipt } = await run('functions', { method: 'magnitude', target: { sparsity: 0.5 }, layers: [{ match: '**/attention_1/**', skip: true }, { match: '**/while/input_7', skip: false, sparsity: 0.25 }] })
    const zeros = zerosOf(values)
    assert.equal(zeros.unknown_12, 12)
    assert.match(receipt.layers.find(({ name }) => name.endsWith('query_1/MatMul'))!.skipped!, /recipe skips it/)
  })
})

test('threshold, on integers too: what was not pruned is the same number', async () => {
  const before = await run('quantized', { method: 'threshold', target: { threshold: 0.3 } }, {}, 'models/quantized/')
  const after = await run('quantized', { method: 'threshold', target: { threshold: 0.6 } }, {}, 'models/quantized/')
  let kept = 0
  for (const [name, values] of Object.entries(after.values)) {
    values.forEach((value, at) => {
      if (value !== 0) kept++
      if (value !== 0) assert.equal(value, before.values[name]![at])
    })
  }
  assert.ok(kept > 100)
  for (const name of ['depthwise_1/depthwise/ReadVariableOp', 'volume_1/convolution/ReadVariableOp', 'plain_1/convolution/ReadVariableOp']) {
    assert.ok(after.values[name]!.some((value) => value === 0) && after.values[name]!.every((value) => value === 0 || Math.abs(value) > 0.6), name)
  }
})

test('the receipt says that accuracy was not measured and predictions were compared', async () => {
  const { receipt } = await run('sequences', { method: 'magnitude', target: { sparsity: 0.9 } })
  assert.equal(receipt.notMeasured, 'no data set was given')
  assert.equal(receipt.after.metrics, null)
  assert.ok(!receipt.warnings.some((warning) => /cannot be run/.test(warning)))
  assert.match(receipt.outputs[0]!.verification, /all weights equal, predictions of 8 examples/)
  assert.ok(receipt.outputs[0]!.bytes < receipt.before.bytes)
})

test('a graph that cannot be run is pruned all the same, and the receipt says why', async () => {
  const { receipt } = await run('lookup', { method: 'magnitude', target: { sparsity: 0.5 } })
  assert.ok(receipt.warnings.some((warning) => /cannot be run here \(it fills tables when it is loaded/.test(warning)))
  assert.match(receipt.outputs[0]!.verification, /all weights compared; predictions were not \(it fills tables/)
})

test('a data set of other shapes, a method that trains, and another format are refused with the reason', async () => {
  const images = await openFixture('examples/fashion-mnist-test.zip')
  const dataset = { source: images, name: 'images.zip', sha256: 'b'.repeat(64), format: 'idx', inputs: { scale: 1, offset: 0 } }
  const target = { sparsity: 0.5 }
  await assert.rejects(run('sequences', { method: 'magnitude', target }, { dataset }), { code: 'shape-mismatch', message: /takes \[6\] for one example/ })
  await assert.rejects(run('sequences', { method: 'gradual', target, training: { epochs: 1 } }, { dataset }), { code: 'unsupported-layer', message: /cannot be trained here: it is a TF\.js graph model, which can be evaluated/ })
  await assert.rejects(run('sequences', { method: 'magnitude', target, output: ['tfjs-layers'] }), { code: 'unsupported-format', message: /cannot be converted to tfjs-layers/ })
  await images.close()
})
