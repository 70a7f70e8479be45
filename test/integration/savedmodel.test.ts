/** Whole jobs on SavedModels: magnitude and threshold in every scope, layer rules, and what the receipt says. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { JobInput } from '../../src/methods/job-types.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { PLAIN_SCOPES } from '../../src/pruning/allocation/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture } from '../support/fixtures.ts'

interface Done { readonly receipt: Receipt, readonly zeros: Readonly<Record<string, number>> }

let engine: Engine
before(async () => { engine = await loadEngine() })

/** Runs the job and counts the zeros of the written file by weight. */
async function run (name: string, recipe: object, changes: Partial<JobInput> = {}): Promise<Done> {
  const [, extension = 'zip'] = name.split(/\.(.*)/)
  const source = await openFixture(`test/fixtures/savedmodel/${name.split('.')[0]}.${extension}`)
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-savedmodel-'))
  try {
    const { receipt, outputs } = await runJob({
      recipe: parseRecipe(recipe), model: { source, name: `${name}.zip`, sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
      folder: folderOnDisk(folder), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 28 },
      spool: async (file) => await createSpoolFile(path.join(folder, file)), signal: new AbortController().signal, onProgress () {}, ...changes,
    })
    assert.deepEqual(outputs.map((output) => [output.name, output.format]), [[`model.${extension}`, 'savedmodel']])
    const written = await readModel(bytesInMemory(new Uint8Array(await readFile(path.join(folder, `model.${extension}`)))))
    const zeros: Record<string, number> = {}
    for (const layer of written.layers) for (const { role, tensor } of layer.weights) zeros[`${layer.path}/${role}`] = (await tensor.read()).filter((value) => value === 0).length
    return { receipt, zeros }
  } finally {
    await source.close()
    assert.deepEqual((await readdir(folder)).filter((file) => file.endsWith('.part')), [])
    await rm(folder, { recursive: true })
  }
}

test('tar archives come back as they were given, with the zeros asked for', async () => {
  for (const name of ['exported-pax.tar.gz', 'exported-pax-long.tar']) {
    const { receipt, zeros } = await run(name, { method: 'magnitude', target: { sparsity: 0.5 } })
    assert.equal(receipt.layers.reduce((sum, { weights, nonzeros }) => sum + (weights - nonzeros), 0), 244)
    assert.deepEqual(zeros, (await run('exported', { method: 'magnitude', target: { sparsity: 0.5 } })).zeros)
    assert.equal(receipt.outputs[0]!.verified, true)
  }
})

describe('magnitude', () => {
  for (const scope of PLAIN_SCOPES) {
    test(`scope ${scope}: exactly the zeros asked for`, async () => {
      for (const name of ['exported', 'compiled', 'sharded', 'keras2']) {
        const { receipt, zeros } = await run(name, { method: 'magnitude', scope, target: { sparsity: 0.5 } })
        const kernels = Object.entries(zeros).filter(([weight]) => /kernel$/.test(weight)).reduce((sum, [, count]) => sum + count, 0)
        const pool = name === 'keras2' ? 70 : 488
        assert.equal(kernels, receipt.layers.reduce((sum, { weights, nonzeros }) => sum + (weights - nonzeros), 0))
        assert.ok(Math.abs(kernels - pool / 2) <= (scope === 'layer' ? 3 : 0), `${name}: ${kernels} of ${pool}`)
        assert.equal(receipt.outputs[0]!.verified, true)
      }
    })
  }

  test('layer rules by pattern', async () => {
    const { zeros, receipt } = await run('exported', { method: 'magnitude', target: { sparsity: 0.8 }, layers: [{ match: 'attention/**', skip: true }, { match: 'head', sparsity: 0.25 }] })
    assert.equal(zeros['head/kernel'], 80)
    assert.equal(zeros['conv/kernel'], 58)
    assert.equal(zeros['attention/query/kernel'], 0)
    assert.match(receipt.layers.find(({ name }) => name === 'attention/query')!.skipped!, /recipe skips it/)
  })

  test('types of 16 and 64 bits, and variables without a layer of their own', async () => {
    const { zeros } = await run('mixed', { method: 'magnitude', scope: 'layer', target: { sparsity: 0.5 }, layers: [{ match: 'stack/*', skip: true }] })
    assert.deepEqual([zeros['first/w'], zeros['half/w'], zeros['brain/w'], zeros['wide/w']], [24, 32, 32, 32])
    const opted = await run('mixed', { method: 'magnitude', target: { sparsity: 0.5 }, layers: [{ match: 'first/b', skip: false, sparsity: 0.5 }] })
    assert.equal(opted.zeros['first/b'], 4)
  })
})

test('threshold', async () => {
  const { zeros, receipt } = await run('first', { method: 'threshold', target: { threshold: 0.3 } })
  const source = await openFixture('test/fixtures/savedmodel/first.zip')
  const model = await readModel(source)
  for (const { path: layer, weights } of model.layers) {
    for (const { role, tensor, prunable } of weights) {
      const small = (await tensor.read()).filter((value) => prunable ? Math.abs(value) <= Math.fround(0.3) : value === 0).length
      assert.equal(zeros[`${layer}/${role}`], small, `${layer}/${role}`)
    }
  }
  await source.close()
  assert.equal(receipt.provenance.model.format, 'savedmodel')
})

test('the receipt says that accuracy was not measured, that predictions were compared, and that optimizer state was kept', async () => {
  const { receipt } = await run('compiled', { method: 'magnitude', target: { sparsity: 0.9 } })
  assert.equal(receipt.notMeasured, 'no data set was given')
  assert.equal(receipt.after.metrics, null)
  assert.equal(receipt.provenance.optimizerState, 'kept')
  assert.ok(!receipt.warnings.some((warning) => /cannot be run/.test(warning)))
  assert.ok(!receipt.warnings.some((warning) => /optimizer state was dropped/.test(warning)))
  assert.match(receipt.outputs[0]!.verification, /all weights equal, predictions of 8 examples/)
  assert.ok(receipt.outputs[0]!.bytes < receipt.before.bytes)
  assert.equal((await run('exported', { method: 'magnitude', target: { sparsity: 0.9 } })).receipt.provenance.optimizerState, 'none')
})

test('a data set of other shapes, a method that trains, and another format are refused with the reason', async () => {
  const images = await openFixture('examples/fashion-mnist-test.zip')
  const dataset = { source: images, name: 'images.zip', sha256: 'b'.repeat(64), format: 'idx', inputs: { scale: 1, offset: 0 } }
  const target = { sparsity: 0.5 }
  await assert.rejects(run('exported', { method: 'magnitude', target }, { dataset }), { code: 'shape-mismatch', message: /takes \[6, 6, 2\] for one example/ })
  await assert.rejects(run('exported', { method: 'gradual', target, training: { epochs: 1 } }, { dataset }), { code: 'unsupported-layer', message: /cannot be trained here: it is a SavedModel, which can be evaluated/ })
  await assert.rejects(run('exported', { method: 'magnitude', target, output: ['keras'] }), { code: 'unsupported-format', message: /cannot be converted to keras/ })
  await images.close()
})
