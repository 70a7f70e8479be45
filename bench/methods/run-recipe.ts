/** Runs a recipe as a worker's engine does: files in, files and receipt out. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { loadEngine } from '../../src/engine/runtime.ts'
import type { JobFile } from '../../src/methods/job-types.ts'
import type { Progress } from '../../src/methods/progress.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { runJob } from '../../src/methods/run-job.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk, openFile } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'

export interface RecipeRun {
  readonly model: string
  readonly dataset: string
  readonly recipe: object
  /** Where the outputs go, in a folder of their own. */
  readonly folder: string
  onProgress? (progress: Progress): void
}

export interface RecipeResult { readonly receipt: Receipt, readonly model: string, readonly seconds: number }

export async function runRecipe ({ model, dataset, recipe, folder, onProgress }: RecipeRun): Promise<RecipeResult> {
  const begin = performance.now()
  await mkdir(folder, { recursive: true })
  const own = await mkdtemp(join(folder, 'run-'))
  const opened: Array<{ close (): Promise<void> }> = []
  const fileOf = async (path: string): Promise<JobFile> => {
    const source = await openFile(path)
    opened.push(source)
    return { source, name: basename(path), sha256: createHash('sha256').update(await readFile(path)).digest('hex'), format: '' }
  }
  try {
    const { receipt, outputs } = await runJob({
      recipe: parseRecipe(recipe),
      model: await fileOf(model),
      dataset: { ...await fileOf(dataset), inputs: { scale: 1 / 255, offset: 0 } },
      evaluationDataset: null,
      folder: folderOnDisk(own),
      engine: async () => await loadEngine(),
      gzipSize,
      limits: { sessionDataBytes: 2 ** 30 },
      async spool (name) {
        const file = await createSpoolFile(join(own, name))
        opened.push(file)
        return file
      },
      signal: new AbortController().signal,
      onProgress: onProgress ?? (() => {}),
    })
    return { receipt, model: join(own, outputs[0]!.name), seconds: (performance.now() - begin) / 1000 }
  } finally {
    for (const file of opened) await file.close()
  }
}
