/** Training as the method `fine-tune` does it, with the reported examples looked at after every epoch. They select nothing: the weights go on as they are. */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { loadEngine } from '../../src/engine/runtime.ts'
import { openExamples } from '../../src/methods/dynamic/open-examples.ts'
import { trainModel } from '../../src/methods/dynamic/train-model.ts'
import { openData } from '../../src/methods/job-data.ts'
import type { JobInput } from '../../src/methods/job-types.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createSpoolFile, folderOnDisk, openFile } from '../../src/worker/files.ts'
import { gzipSize } from '../../src/worker/gzip-size.ts'
import { EPOCHS, FINE_TUNING } from './cases.ts'
import type { PruneRequest } from './prune.ts'

/** Accuracy of the model after each epoch. `settings`: of the training, in place of the usual ones. */
export async function fineTuned ({ model: path, dataset, folder, seed }: PruneRequest, settings: object = {}): Promise<number[]> {
  const own = await mkdtemp(join(folder, 'train-'))
  const [source, data] = [await openFile(path), await openFile(dataset)]
  try {
    const engine = await loadEngine()
    const model = await readModel(source)
    const recipe = parseRecipe({ method: 'fine-tune', training: { ...FINE_TUNING, ...settings, epochs: EPOCHS }, seed })
    const input: JobInput = {
      recipe, model: { source, name: 'model', sha256: '', format: '' }, dataset: { source: data, name: 'fashion', sha256: '', format: '', inputs: { scale: 1 / 255, offset: 0 } }, evaluationDataset: null,
      folder: folderOnDisk(own), engine: async () => engine, gzipSize, limits: { sessionDataBytes: 2 ** 30 },
      spool: async (name) => await createSpoolFile(join(own, name)), signal: new AbortController().signal, onProgress () {},
    }
    const { report, learning } = await openData(input, model)
    // All training examples train; a share above 0 says that others are looked at.
    const checking = { ...recipe, training: { ...recipe.training!, validation: 0.1 } }
    const context = { ...input, recipe: checking, model, engine, examples: { ...learning!, selection: report!.split } }
    const { record } = await trainModel(context, { examples: await openExamples(context) })
    return record.epochs.map(({ validation }) => validation!.metrics.accuracy!)
  } finally {
    await source.close()
    await data.close()
  }
}
