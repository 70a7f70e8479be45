/** Whole jobs in this process, without a worker: recipe and files in, receipt and files out, every tensor freed. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'
import type { JobDataset, JobInput, JobResult } from '../../src/methods/job-types.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk, openFile } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture } from './fixtures.ts'
import { trainingImages } from './training-images.ts'

export interface Jobs {
  readonly engine: Engine
  readonly home: string
  /** The first images of the examples, 28 x 28 in [0, 1], with their classes. */
  readonly dataset: JobDataset
  /** Runs a recipe; `file` is a fixture or an absolute path, outputs lie in the folder `home`/`name`. */
  start (name: string, file: string, recipe: object, changes?: Partial<JobInput>): Promise<JobResult>
  /** Values of every weight of a written model, by `layer/role`. */
  weights (file: string): Promise<Map<string, Float32Array>>
  close (): Promise<void>
}

export async function createJobs (examples: number): Promise<Jobs> {
  const engine = await loadEngine()
  const home = await mkdtemp(path.join(tmpdir(), 'espalier-jobs-'))
  const opened: Array<{ close (): Promise<void> }> = []
  const dataset: JobDataset = { source: bytesInMemory(await trainingImages(examples)), name: 'images.npz', sha256: 'b'.repeat(64), format: 'npz', inputs: { scale: 1, offset: 0 } }
  return {
    engine,
    home,
    dataset,
    async start (name, file, recipe, changes = {}) {
      const folder = path.join(home, name)
      await mkdir(folder, { recursive: true })
      const source = await (path.isAbsolute(file) ? openFile(file) : openFixture(file))
      const tensors = engine.tf.memory().numTensors
      try {
        return await runJob({
          recipe: parseRecipe(recipe), model: { source, name: path.basename(file), sha256: 'a'.repeat(64), format: '' }, dataset: null, evaluationDataset: null,
          folder: folderOnDisk(folder), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 28 },
          async spool (spooled) {
            const made = await createSpoolFile(path.join(home, `${name}-${spooled}`))
            opened.push(made)
            return made
          },
          signal: new AbortController().signal, onProgress () {}, ...changes,
        })
      } finally {
        await source.close()
        assert.equal(engine.tf.memory().numTensors, tensors, 'every tensor is freed')
      }
    },
    async weights (file) {
      const source = await openFile(file)
      try {
        const model = await readModel(source)
        const all = model.layers.flatMap(({ path: layer, weights }) => weights.map(({ role, tensor }) => ({ name: `${layer}/${role}`, tensor })))
        return new Map(await Promise.all(all.map(async ({ name, tensor }): Promise<[string, Float32Array]> => [name, await tensor.read()])))
      } finally {
        await source.close()
      }
    },
    async close () {
      for (const file of opened) await file.close()
      await rm(home, { recursive: true })
    },
  }
}
