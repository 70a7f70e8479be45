/** Jobs on models that another library runs, beside what the library for Python gives for them: the fixtures onnx-run and graph-run. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { readDataset } from '../../src/datasets/index.ts'
import type { JobInput, JobResult } from '../../src/methods/job-types.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { openFixture, pathOf } from './fixtures.ts'

export interface Figures { readonly accuracy: number, readonly loss: number, readonly predictions: number[][] }
export interface Case { readonly data: string, readonly task: string, readonly before: Figures, readonly after: Figures }

/** What the library says of the files of a folder, and the sparsity that `after` is of. */
export function figuresOf (fixtures: string): { readonly sparsity: number, readonly files: Readonly<Record<string, Case>> } {
  return JSON.parse(readFileSync(pathOf(`${fixtures}/expected.json`), 'utf8')) as ReturnType<typeof figuresOf>
}

export interface FixtureJobs extends Pick<JobInput, 'engine' | 'limits'> {
  readonly fixtures: string
  readonly format: string
  /** Where the outputs go. */
  readonly folder: string
  /** Path of a data set. */
  dataPath (name: string): string
}

/** Runs a recipe on a file of the fixtures; images of bytes are scaled to [0, 1]. */
export async function runFixture ({ fixtures, format, folder, dataPath, engine, limits }: FixtureJobs, file: string, data: string | null, recipe: object, changes: Partial<JobInput> = {}): Promise<JobResult> {
  const source = await openFixture(`${fixtures}/${file}`)
  const examples = data === null ? null : await openFixture(dataPath(data))
  try {
    const dataset = examples && {
      source: examples, name: data!, sha256: 'b'.repeat(64), format: 'npz', inputs: { scale: (await readDataset(examples)).splits.all!.features.some(({ type }) => type === 'uint8') ? 1 / 255 : 1, offset: 0 },
    }
    return await runJob({
      recipe: parseRecipe(recipe), model: { source, name: file, sha256: 'a'.repeat(64), format }, dataset, evaluationDataset: null,
      folder: folderOnDisk(folder), engine, gzipSize, limits,
      spool: async (name) => await createSpoolFile(path.join(folder, name)), signal: new AbortController().signal, onProgress () {}, ...changes,
    })
  } finally {
    await source.close()
    await examples?.close()
  }
}

export function assertNear (found: Readonly<Record<string, number>> | null, expected: Figures, within: number): void {
  assert.equal(found!.accuracy, expected.accuracy)
  assert.equal(Math.abs(found!.loss! - expected.loss) < within, true, `loss ${found!.loss}, ${expected.loss} expected`)
}

/** The receipt, and the predictions that lie in the folder, are those of the library. */
export async function assertRunAs ({ before, after, task }: Case, { receipt }: JobResult, folder: string, within: number): Promise<void> {
  assertNear(receipt.before.metrics, before, within)
  assertNear(receipt.after.metrics, after, within)
  assert.equal(receipt.evaluation!.task, task)
  const predictions = JSON.parse(await readFile(path.join(folder, 'predictions.json'), 'utf8')) as { outputs: number[][] }
  const found = predictions.outputs[0]!.flat(Infinity) as number[]
  const expected = after.predictions.flat()
  expected.forEach((value, at) => { assert.equal(Math.abs(found[at]! - value) < Math.max(1, Math.abs(value)) * within, true, `prediction ${at} is ${found[at]}, ${value} expected`) })
  assert.equal(found.length, expected.length)
  const [written] = receipt.outputs
  assert.deepEqual([written!.verified, written!.maxDifference], [true, 0])
  assert.match(written!.verification, /all weights equal, predictions of \d+ examples/)
}
