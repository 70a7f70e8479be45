/** SavedModels that would do more than compute: their weights are pruned, and nothing of what they ask for is run. Made by TensorFlow, which runs all of them. */
import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture } from '../support/fixtures.ts'

const FOLDER = 'test/fixtures/graph-run'
const RECIPE = { method: 'magnitude', target: { sparsity: 0.5 } }

/** What the files would write. */
const WRITTEN = ['/tmp/espalier-hostile', '/tmp/espalier-hostile-init', '/tmp/espalier-hostile-restore', '/tmp/espalier-hostile.index']

let engine: Engine
before(async () => { engine = await loadEngine() })

async function run (name: string): Promise<Receipt> {
  for (const file of WRITTEN) rmSync(file, { force: true })
  const source = await openFixture(`${FOLDER}/${name}.zip`)
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-hostile-job-'))
  try {
    const { receipt } = await runJob({
      recipe: parseRecipe(RECIPE), model: { source, name, sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
      folder: folderOnDisk(folder), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 28 },
      spool: async (file) => await createSpoolFile(path.join(folder, file)), signal: new AbortController().signal, onProgress () {},
    })
    return receipt
  } finally {
    await source.close()
    await rm(folder, { recursive: true })
  }
}

describe('a SavedModel whose signature', () => {
  const cases = {
    WriteFile: 'WriteFile', ReadFile: 'ReadFile|StringLength|PrintV2', 'WriteFile-in-branch': 'WriteFile', EagerPyFunc: 'EagerPyFunc', AssignAddVariableOp: 'AssignAddVariableOp', SaveV2: 'SaveV2', RestoreV2: 'RestoreV2',
  }
  for (const [name, operation] of Object.entries(cases)) {
    test(`has ${name}: pruned, not run, and the receipt names the operation`, async () => {
      const { warnings, outputs, after } = await run(`hostile-${name}`)
      assert.equal(warnings.filter((warning) => new RegExp(`cannot be run here \\(its graph has the operation (${operation}) .*which is not run here`).test(warning)).length, 1)
      assert.match(outputs[0]!.verification, /all weights compared; predictions were not/)
      assert.equal(after.sparsity, 0.5)
      assert.deepEqual(WRITTEN.filter(existsSync), [])
    })
  }
})

test('what a file does when it is loaded, beside its signature, is never given to TensorFlow', async () => {
  const { warnings, outputs } = await run('hostile-loading')
  assert.equal(warnings.some((warning) => /cannot be run/.test(warning)), false)
  assert.match(outputs[0]!.verification, /predictions of 8 examples/)
  assert.deepEqual(WRITTEN.filter(existsSync), [])
})

test('another signature than the default is run when it is the only one', async () => {
  assert.match((await run('signature-one')).outputs[0]!.verification, /predictions of 8 examples/)
  assert.match((await run('signature-two')).outputs[0]!.verification, /predictions were not \(it has no signature serving_default, but (score, again|again, score): which is meant is not known\)/)
})
