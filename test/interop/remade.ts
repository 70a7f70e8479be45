/** Models with channels taken out, in both Keras formats and by way of TF.js, with our engine's predictions, for check_remade.py. */
import { readFileSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine, type Tf } from '../../src/engine/runtime.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel, writeModel, type FormatName, type ModelSink } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { sizeOf } from '../../src/models/tensor.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'
import { narrowed, NARROWINGS } from '../support/narrowed.ts'

const FILES = [
  ['test/fixtures/models/mlp.keras', 'mlp'], ['test/fixtures/models/mlp-keras2.h5', 'mlp'],
  ['examples/lenet5.keras', 'lenet5'], ['test/fixtures/models/lenet5.h5', 'lenet5'],
  ['test/fixtures/models/resnet8.keras', 'resnet8'], ['test/fixtures/models/resnet8.h5', 'resnet8'],
  ['test/fixtures/formats/nested.keras', 'nested'], ['test/fixtures/formats/nested.h5', 'nested'],
  ['test/fixtures/formats/sequences.keras', 'sequences'],
] as const satisfies ReadonlyArray<readonly [string, keyof typeof NARROWINGS]>

const OPTIONS = { compress: true, optimizerState: 'drop' } as const
const EXAMPLES = 8

export interface Case { inputs: Array<{ shape: number[], values: number[] }>, outputs: number[][], parameters: number, files: Array<{ file: string, compile: boolean }> }

/** Writes files into `folder`/remade, and cases.json there, which tells what they predict. */
export async function writeRemade (folder: string): Promise<void> {
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  const { tf } = await loadEngine()
  const own = join(folder, 'remade')
  await mkdir(own)
  const cases: Case[] = []
  for (const [path, name] of FILES) {
    const source = await openFixture(path)
    const model = await readModel(source)
    cases.push(await writeCase(tf, own, `${name}-from-${model.format}`, name, await narrowed(model, NARROWINGS[name])))
    // TF.js has no recurrent layers that are written.
    if (model.format === 'keras' && name !== 'sequences') {
      const zip = await readModel(bytesInMemory(await inMemory(model, 'tfjs-layers')))
      const remade = await readModel(bytesInMemory(await inMemory(await narrowed(zip, NARROWINGS[name]), 'tfjs-layers')))
      cases.push(await writeCase(tf, own, `${name}-from-tfjs`, name, remade))
    }
    await source.close()
  }
  await writeFile(join(own, 'cases.json'), JSON.stringify(cases))
}

export async function writeCase (tf: Tf, folder: string, title: string, name: string, model: ModelFile): Promise<Case> {
  const inputs = model.architecture.graph!.inputShapes.map((shape, index) => inputFor(name, shape.slice(1).map(Number), index))
  const predictor = await createPredictor(tf, model)
  const outputs = await predictor.predict(inputs.map(({ shape, values }) => ({ shape, values: Float32Array.from(values) })))
  predictor.dispose()
  const files = []
  for (const [format, extension] of [['keras', '.keras'], ['keras-h5', '.h5']] as const) {
    // Keras writes operations into `.h5` files and cannot read them again.
    if (name === 'sequences' && format === 'keras-h5') continue
    const file = title + extension
    const handle = await open(join(folder, file), 'wx')
    await writeModel(model, new Map(), format, OPTIONS, { write: async (offset, bytes) => { await handle.write(bytes, 0, bytes.length, offset) } })
    await handle.close()
    // Keras itself cannot compile an `.h5` file whose losses are a list of names.
    files.push({ file, compile: !(name === 'nested' && format === 'keras-h5') })
  }
  const parameters = model.layers.flatMap(({ weights }) => weights).reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)
  return { inputs, outputs: outputs.map(({ values }) => [...values]), parameters, files }
}

/** What the fixture was described with, else a pattern without repetition. */
function inputFor (name: string, example: readonly number[], index: number): { shape: number[], values: number[] } {
  const described = (JSON.parse(readFileSync(pathOf('test/fixtures/formats/expected.json'), 'utf8')) as Record<string, { inputs: number[][] } | undefined>)[name]?.inputs[index]
  const values = described ?? Array.from({ length: EXAMPLES * sizeOf(example) }, (_, at) => Math.fround((at * 7919 % 1000) / 1000))
  return { shape: [values.length / sizeOf(example), ...example], values }
}

export async function inMemory (model: ModelFile, format: FormatName): Promise<Uint8Array> {
  const parts: Array<{ offset: number, bytes: Uint8Array }> = []
  const sink: ModelSink = { async write (offset, bytes) { parts.push({ offset, bytes: bytes.slice() }) } }
  const file = new Uint8Array(await writeModel(model, new Map(), format, OPTIONS, sink))
  for (const { offset, bytes } of parts) file.set(bytes, offset)
  return file
}
