/** Dense models of the benchmarks: trained once for a case and seed, and kept. */
import { access, copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../../src/methods/progress.ts'
import type { Case } from './cases.ts'
import { runRecipe } from './run-recipe.ts'

/** Architectures only: their weights are drawn anew. */
const MODELS = { lenet300: 'test/fixtures/models/mlp.h5', lenet5: 'test/fixtures/models/lenet5.h5' } as const

export interface DenseRequest extends Pick<Case, 'model' | 'data' | 'dense'> {
  readonly seed: number
  /** Path of the data set. */
  readonly dataset: string
  /** For what is written on the way. */
  readonly folder: string
  /** ESPALIER_HOME, where it is kept. */
  readonly home: string
  onProgress? (progress: Progress): void
}

/** `seconds`: null when it was there already. */
export async function denseModel ({ model, data, dense, seed, dataset, folder, home, onProgress }: DenseRequest): Promise<{ path: string, seconds: number | null }> {
  const path = join(home, 'cache', 'bench-methods', `${model}-${data}-${seed}.h5`)
  if (await access(path).then(() => true, () => false)) return { path, seconds: null }
  await mkdir(join(path, '..'), { recursive: true })
  const source = fileURLToPath(new URL(`../../${MODELS[model]}`, import.meta.url))
  const recipe = { method: 'fine-tune', training: { from: 'scratch', ...dense }, evaluation: { latency: false }, output: ['keras-h5'], seed }
  const result = await runRecipe({ model: source, dataset, recipe, folder, ...(onProgress && { onProgress }) })
  await copyFile(result.model, `${path}.part`)
  await rename(`${path}.part`, path)
  return { path, seconds: result.seconds }
}
