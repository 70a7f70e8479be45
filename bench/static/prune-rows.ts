/** One model, looked at and scored once for each row, pruned to every sparsity and evaluated on the test images. */
import { join } from 'node:path'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { loadEngine } from '../../src/engine/runtime.ts'
import { createEvaluator } from '../../src/engine/evaluator.ts'
import { openTrainingData } from '../../src/engine/train/open-data.ts'
import { openData } from '../../src/methods/job-data.ts'
import type { JobInput } from '../../src/methods/job-types.ts'
import type { StaticContext } from '../../src/methods/method.ts'
import { changesOf } from '../../src/methods/static/pruner.ts'
import { rankPruner } from '../../src/methods/static/rank.ts'
import { sparsegptPruner } from '../../src/methods/static/sparsegpt.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk, openFile } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { SPARSITIES, type Row } from './rows.ts'

export interface Bench {
  /** Accuracy of the given model. */
  readonly dense: number
  /** `seconds`: to look at data and score; of methods that prune layer by layer, of one pruning. */
  run (row: Row): Promise<{ accuracy: number[], seconds: number }>
  close (): Promise<void>
}

export async function openBench ({ path, dataset, seed, folder }: { path: string, dataset: string, seed: number, folder: string }): Promise<Bench> {
  await mkdir(folder, { recursive: true })
  const own = await mkdtemp(join(folder, 'static-'))
  const opened = [await openFile(path), await openFile(dataset)] as const
  const engine = await loadEngine()
  const model = await readModel(opened[0])
  const signal = new AbortController().signal
  const inputFor = (recipe: object): JobInput => ({
    recipe: parseRecipe(recipe), model: { source: opened[0], name: 'model', sha256: '', format: '' },
    dataset: { source: opened[1], name: 'fashion', sha256: '', format: '', inputs: { scale: 1 / 255, offset: 0 } }, evaluationDataset: null,
    folder: folderOnDisk(own), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 30 },
    spool: async (name) => await createSpoolFile(join(own, name)), signal, onProgress () {},
  })
  const { report } = await openData(inputFor({ method: 'evaluate', seed }), model)
  const data = await openTrainingData(report!.split, { limitBytes: 2 ** 30, spool: async (name) => await createSpoolFile(join(own, name)) })
  const evaluator = await createEvaluator({ tf: engine.tf, model, data, batchSize: 250, task: 'auto' })
  return {
    dense: (await evaluator.evaluate(new Map())).accuracy!,
    async run ({ recipe }) {
      const input = inputFor({ ...recipe, target: { sparsity: 0.5 }, seed })
      const { learning } = await openData(input, model)
      const context: StaticContext = { recipe: input.recipe, model, signal, engine: input.engine, ...(learning !== null && { calibration: { ...input, examples: learning } }) }
      const begin = performance.now()
      const pruner = await (recipe.method === 'sparsegpt' ? sparsegptPruner : rankPruner)(context)
      let seconds = (performance.now() - begin) / 1000
      const accuracy: number[] = []
      for (const [index, sparsity] of SPARSITIES.entries()) {
        const start = performance.now()
        const changes = changesOf(pruner.pool, await pruner.prune(sparsity))
        if (index === 0) seconds += (performance.now() - start) / 1000
        accuracy.push((await evaluator.evaluate(changes)).accuracy!)
      }
      pruner.dispose?.()
      return { accuracy, seconds }
    },
    async close () {
      evaluator.dispose()
      for (const file of opened) await file.close()
      await rm(own, { recursive: true })
    },
  }
}
