/** Writes every layer case and the fixture models as TFLite, in every variant, for check_tflite.py to run with TFLite's own runtime. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readDataset } from '../../src/datasets/index.ts'
import type { Split } from '../../src/datasets/dataset.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { EspalierError } from '../../src/errors.ts'
import { exportGraph } from '../../src/methods/exports/graph.ts'
import { observeRanges } from '../../src/methods/exports/ranges.ts'
import { EXPORTS, type ExportName } from '../../src/models/exports/index.ts'
import { encodeTflite } from '../../src/models/exports/tflite/encode.ts'
import { writeTflite } from '../../src/models/exports/tflite/write.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { HeldChanges, ModelFile } from '../../src/models/model.ts'
import { pruneMagnitude } from '../../src/pruning/prune.ts'
import { readCases, type LayerCase, type Stored } from '../fixtures/layers/cases.ts'
import { IMAGES, openFixture, pathOf } from '../support/fixtures.ts'
import { lowerCase } from '../support/lowered.ts'

const MODELS = ['examples/lenet5.keras', 'test/fixtures/models/resnet8.keras', 'test/fixtures/models/mlp.keras']

/** Of the images, for the ranges of int8. */
const CALIBRATION_EXAMPLES = 512

/** So that the sparse variant has something to leave out; the others are of the model as it is. */
const SPARSITY = 0.9

/** Writes files into `folder`/tflite, and cases.json there with inputs and Keras' own outputs. */
export async function writeTfliteCases (folder: string): Promise<void> {
  const own = join(folder, 'tflite')
  await mkdir(own)
  const cases = []
  for (const [index, one] of readCases().entries()) {
    const bytes = written(one)
    const file = `${index}.tflite`
    if (bytes instanceof Uint8Array) await writeFile(join(own, file), bytes)
    cases.push({ name: one.name, inputs: one.inputs.map(listed), outputs: one.outputs.map(listed), ...bytes instanceof Uint8Array ? { file } : { refused: bytes } })
  }
  await writeFile(join(own, 'cases.json'), JSON.stringify(cases))
  await writeModels(own)
}

/** The fixture models in every variant; models.json names the file of each, and the Keras file that it must agree with. */
async function writeModels (folder: string): Promise<void> {
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  await loadEngine()
  const images = await openFixture(IMAGES)
  const test = (await readDataset(images)).splits.test!
  const read = test.features[0]!
  const split = { ...test, examples: CALIBRATION_EXAMPLES, features: [{ ...read, shape: [28, 28, 1], read: async (from: number, to: number) => (await read.read(from, to)).map((value) => value / 255) }] } as Split
  const models = []
  for (const [index, path] of MODELS.entries()) {
    const source = await openFixture(path)
    const model = await readModel(source)
    const graph = await exportGraph(model, new Map())
    const ranges = await observeRanges(graph, split)
    const files: Partial<Record<ExportName, string>> = {}
    for (const [name, { extension, write }] of Object.entries(EXPORTS).filter(([, { name: one }]) => one.startsWith('tflite'))) {
      files[name as ExportName] = `model${index}${extension}`
      await writeFile(join(folder, files[name as ExportName]!), write(name === 'tflite-sparse' ? await exportGraph(model, await pruned(model)) : graph, ranges))
    }
    const bare = `model${index}.pruned.tflite`
    await writeFile(join(folder, bare), EXPORTS.tflite.write(await exportGraph(model, await pruned(model)), ranges))
    models.push({ keras: pathOf(path), files, pruned: bare })
    await source.close()
  }
  await images.close()
  await writeFile(join(folder, 'models.json'), JSON.stringify({ images: pathOf(IMAGES), models }))
}

async function pruned (model: ModelFile): Promise<HeldChanges> {
  const pool = []
  for (const { path, weights } of model.layers) {
    for (const { role, prunable, tensor } of weights) if (prunable) pool.push({ name: `${path}/${role}`, layer: path, key: tensor.key, values: (await tensor.read()).slice() })
  }
  pruneMagnitude(pool, { sparsity: SPARSITY, scope: 'global' })
  return new Map(pool.map(({ key, values }) => [key, values]))
}

/** The file, or why there is none. */
function written (one: LayerCase): Uint8Array | string {
  try {
    return writeTflite(encodeTflite(lowerCase(one)))
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'unsupported-layer') return error.message
    throw error
  }
}

function listed ({ shape, values }: Stored): { shape: readonly number[], values: number[] } {
  return { shape, values: [...values] }
}
