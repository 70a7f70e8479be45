/** The models that all sides train: the architectures of the fixtures with a linear head, and the same fresh weights for everyone. */
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mulberry32 } from '../../src/datasets/random.ts'
import { readModel, writeModel } from '../../src/models/formats/index.ts'
import { initialValues } from '../../src/models/initializers/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { folderOnDisk, openFile } from '../../src/worker/files.ts'
import type { ModelName } from './protocol.ts'

/** Of the formats the one whose config is written anew when it becomes a `.keras` file. */
const FIXTURES: Readonly<Record<ModelName, string>> = {
  lenet300: 'test/fixtures/models/mlp.h5',
  lenet5: 'test/fixtures/models/lenet5.h5',
  resnet8: 'test/fixtures/models/resnet8.h5',
}

/** Writes `<name>.keras`, `<name>.f32` and `<name>.json` (see SideSpec) into the folder and gives the number of trainable weights. */
export async function writeInitialModel (name: ModelName, folder: string, seed: number): Promise<number> {
  const source = await openFile(fileURLToPath(new URL(`../../${FIXTURES[name]}`, import.meta.url)))
  try {
    const model = withLinearHead(await readModel(source))
    const random = mulberry32(seed)
    // All weights of the fixtures are drawn or constant.
    const weights = model.layers.flatMap((layer) => layer.weights.map((weight) => ({ name: `${layer.path}/${weight.role}`, weight, values: initialValues(layer, weight, random)! })))
    const output = await folderOnDisk(folder).create(`${name}.keras`)
    await writeModel(model, new Map(weights.map(({ weight, values }) => [weight.tensor.key, values])), 'keras', { compress: false, optimizerState: 'drop' }, output)
    await output.finish()
    const description = weights.map(({ name, weight, values }) => ({ name, shape: weight.tensor.shape, size: values.length }))
    await writeFile(join(folder, `${name}.json`), JSON.stringify(description))
    const raw = join(folder, `${name}.f32`)
    await writeFile(`${raw}.part`, Buffer.concat(weights.map(({ values }) => new Uint8Array(values.buffer))))
    await rename(`${raw}.part`, raw)
    return weights.filter(({ weight }) => weight.spec?.trainable !== false).reduce((sum, { values }) => sum + values.length, 0)
  } finally {
    await source.close()
  }
}

/** The loss is taken from logits: PyTorch's way, and the one that every side computes alike. */
function withLinearHead (model: ModelFile): ModelFile {
  const config = structuredClone(model.config) as { config: { layers: Array<{ config: { activation?: unknown } }> } }
  const head = config.config.layers.at(-1)!.config
  if (head.activation !== 'softmax') throw new Error(`the last layer of the fixture has the activation ${String(head.activation)} where softmax was expected`)
  head.activation = 'linear'
  return { ...model, config }
}
