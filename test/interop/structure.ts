/** Small models and fixtures without half of their channels, in both Keras formats, with our engine's predictions, for check_remade.py. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine, type Tf } from '../../src/engine/runtime.ts'
import { isOperationEntry } from '../../src/models/architecture/model-entry.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { Json } from '../../src/models/json.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { sizeOf } from '../../src/models/tensor.ts'
import { rankChannels } from '../../src/pruning/structure/choose.ts'
import { coupleChannels } from '../../src/pruning/structure/couple.ts'
import { freeAxes, groupChannels } from '../../src/pruning/structure/groups.ts'
import { createCut, shrinkModel } from '../../src/pruning/structure/shrink.ts'
import { openFixture } from '../support/fixtures.ts'
import { fileOf, modelOfConfig } from '../support/model-of-config.ts'
import { drawer, type Draw } from '../support/random-graph.ts'
import { randomInputs } from '../support/structure.ts'
import { IMAGE_TOPOLOGIES } from '../support/topologies/images.ts'
import { MODEL_TOPOLOGIES } from '../support/topologies/models.ts'
import { SEQUENCE_TOPOLOGIES } from '../support/topologies/sequences.ts'

// TensorFlow pools no channels-first images on a CPU.
const { channelsFirst: _, ...images } = IMAGE_TOPOLOGIES
const TOPOLOGIES = { ...images, ...SEQUENCE_TOPOLOGIES, ...MODEL_TOPOLOGIES }

const FILES = ['examples/lenet5.keras', 'test/fixtures/models/lenet5.h5', 'test/fixtures/models/resnet8.keras', 'test/fixtures/models/resnet8.h5']

interface Case { inputs: Array<{ shape: readonly number[], values: number[] }>, outputs: number[][], parameters: number, files: Array<{ file: string, compile: boolean }> }

/** Writes files into `folder`/remade, and cases.json there, which tells what they predict. */
export async function writeStructure (folder: string): Promise<void> {
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  const { tf } = await loadEngine()
  const own = join(folder, 'remade')
  await mkdir(own)
  const cases: Case[] = []
  for (const [index, [name, make]] of Object.entries(TOPOLOGIES).entries()) {
    const draw = drawer(index + 1)
    cases.push(await writeCase(tf, own, name, await modelOfConfig(make(), draw), draw))
  }
  for (const [index, path] of FILES.entries()) {
    const source = await openFixture(path)
    cases.push(await writeCase(tf, own, path.split('/').at(-1)!.replace('.', '-from-'), await readModel(source), drawer(index + 100)))
    await source.close()
  }
  await writeFile(join(own, 'cases.json'), JSON.stringify(cases))
}

async function writeCase (tf: Tf, folder: string, title: string, whole: ModelFile, draw: Draw): Promise<Case> {
  const model = await withoutHalf(whole, draw)
  const inputs = randomInputs(model.architecture, draw)
  const predictor = await createPredictor(tf, model)
  const outputs = await predictor.predict(inputs.map(({ shape, values }) => ({ shape: [...shape], values })))
  predictor.dispose()
  const files = []
  for (const [format, extension] of [['keras', '.keras'], ['keras-h5', '.h5']] as const) {
    // Keras writes operations into `.h5` files and cannot read them again.
    if (format === 'keras-h5' && hasOperations(model.config)) continue
    await writeFile(join(folder, title + extension), await fileOf(model, format))
    files.push({ file: title + extension, compile: true })
  }
  const parameters = model.layers.flatMap(({ weights }) => weights).reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)
  return { inputs: inputs.map(({ shape, values }) => ({ shape, values: [...values] })), outputs: outputs.map(({ values }) => [...values]), parameters, files }
}

/** Of every group half of the channels go, in random order. */
async function withoutHalf (model: ModelFile, draw: Draw): Promise<ModelFile> {
  const structure = coupleChannels(model.architecture)
  const ranked = groupChannels(structure).map((group) => ({ group, scores: group.channels.map(() => draw()) }))
  const choice = rankChannels(ranked, { scope: 'layer', minChannels: 1, roundTo: 1, axes: freeAxes(structure) })
  return await shrinkModel(model, createCut(structure, choice.goneAt(choice.competing / 2)))
}

function hasOperations (config: Json): boolean {
  return (config.config as { layers: readonly Json[] }).layers.some(isOperationEntry)
}
