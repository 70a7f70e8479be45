/**
 * Writes pruned models in every Keras format and as SavedModels, and gradients of every layer, and has the real Keras check them: `npm run test:interop`. Python is
 * ESPALIER_PYTHON or python3; without tensorflow in it the check is skipped and says so.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDataset } from '../../src/datasets/index.ts'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine, type Tf } from '../../src/engine/runtime.ts'
import { readModel, writeModel, type FormatName } from '../../src/models/formats/index.ts'
import type { ModelFile, TensorChanges } from '../../src/models/model.ts'
import { sizeOf } from '../../src/models/tensor.ts'
import { pruneMagnitude } from '../../src/pruning/prune.ts'
import { IMAGES, MODEL_FILES, openFixture, pathOf } from '../support/fixtures.ts'
import { writeGradients } from './gradients.ts'
import { writeSavedModels } from './savedmodels.ts'

const EXAMPLES = 8
const SPARSITY = 0.9
/** Of test/fixtures/formats: nested, shared and frozen layers; many types of layers. */
const SMALL_MODELS = ['nested', 'convolutions', 'sequences']
const TARGETS = [['keras', '.keras'], ['keras-h5', '.h5']] as const satisfies ReadonlyArray<readonly [FormatName, string]>

/** Keras writes operations into `.h5` files and cannot read them again; as `.keras` they can be read. */
const NOT_READ_BY_KERAS = new Set(['test/fixtures/formats/sequences.h5'])

/** One model for check_models.py: what our engine predicts, and the files that must predict the same. */
interface Case {
  inputs: ModelInput[]
  outputs: number[][]
  zeros: number
  files: CaseFile[]
}

interface CaseFile {
  file: string
  /** Is it loaded compiled? Keras itself cannot do so with an `.h5` file whose losses are a list of names. */
  compile: boolean
  /** Must the state of the optimizer be there? */
  optimizer: boolean
  /** Can it be trained on? Keras itself cannot continue from the optimizer state of an `.h5` file. */
  train: boolean
}

interface ModelInput { shape: number[], values: number[] }

const python = process.env.ESPALIER_PYTHON ?? 'python3'

async function main (): Promise<number> {
  const found = spawnSync(python, ['-c', 'import tensorflow'], { stdio: 'ignore' })
  if (found.status !== 0) {
    console.log(`skipped: ${python} has no tensorflow; name one that has with ESPALIER_PYTHON`)
    return 0
  }
  const folder = await mkdtemp(join(tmpdir(), 'espalier-interop-'))
  try {
    // The kernels that the product runs on; the reference runs on TensorFlow's plain ones.
    process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
    const { tf } = await loadEngine()
    const images = await testImages()
    const cases: Case[] = []
    for (const [path, name] of MODEL_FILES) cases.push(await writeCase(tf, path, name, folder, () => [images]))
    for (const name of SMALL_MODELS) {
      for (const extension of ['.keras', '.h5']) cases.push(await writeCase(tf, `test/fixtures/formats/${name}${extension}`, name, folder, () => smallInputs(name)))
    }
    await writeFile(join(folder, 'cases.json'), JSON.stringify(cases))
    await writeGradients(folder)
    await writeSavedModels(folder)
    const statuses = ['check_models.py', 'check_gradients.py', 'check_savedmodels.py'].map((script) => spawnSync(python, [pathOf(`test/interop/${script}`), folder], { stdio: 'inherit', env: { ...process.env, TF_ENABLE_ONEDNN_OPTS: '0' } }).status ?? 1)
    return Math.max(...statuses)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function testImages (): Promise<number[]> {
  const source = await openFixture(IMAGES)
  const { splits } = await readDataset(source)
  const values = await (splits.all ?? splits.test)!.features[0]!.read(0, EXAMPLES)
  await source.close()
  return Array.from(values, (value) => Math.fround(value / 255))
}

function smallInputs (name: string): number[][] {
  const all = JSON.parse(readFileSync(pathOf('test/fixtures/formats/expected.json'), 'utf8')) as Record<string, { inputs: number[][] }>
  return all[name]!.inputs
}

/** The model of one fixture in both formats, compressed and not, with and without its optimizer. */
async function writeCase (tf: Tf, path: string, name: string, folder: string, valuesOf: () => number[][]): Promise<Case> {
  const source = await openFixture(path)
  const model = await readModel(source)
  const { changes, zeros } = await prune(model)
  const inputs = valuesOf().map((values, index): ModelInput => {
    const example = model.architecture.graph!.inputShapes[index]!.slice(1).map(Number)
    return { values, shape: [values.length / sizeOf(example), ...example] }
  })
  const predictor = await createPredictor(tf, model, changes)
  const outputs = await predictor.predict(inputs.map(({ values, shape }) => ({ values: Float32Array.from(values), shape })))
  predictor.dispose()
  const files: CaseFile[] = []
  for (const [format, extension] of TARGETS) {
    if (NOT_READ_BY_KERAS.has(path) && format === 'keras-h5') continue
    for (const compress of [false, true]) {
      for (const optimizerState of ['keep', 'drop'] as const) {
        const file = `${name}-from-${model.format}-${compress ? 'compressed' : 'plain'}-${optimizerState}${extension}`
        await writeFileOf(join(folder, file), model, changes, format, { compress, optimizerState })
        const kept = optimizerState === 'keep' && model.hasOptimizerState
        const compile = !(name === 'nested' && format === 'keras-h5')
        files.push({ file, compile, optimizer: kept, train: compress && (format === 'keras' || !kept) })
      }
    }
  }
  await source.close()
  return { inputs, outputs: outputs.map(({ values }) => [...values]), zeros, files }
}

async function prune (model: ModelFile): Promise<{ changes: TensorChanges, zeros: number }> {
  const pool = []
  for (const { path, weights } of model.layers) {
    for (const { role, prunable, tensor } of weights) if (prunable) pool.push({ name: `${path}/${role}`, layer: path, key: tensor.key, values: (await tensor.read()).slice() })
  }
  const { zeros } = pruneMagnitude(pool, { sparsity: SPARSITY, scope: 'global' })
  return { changes: new Map(pool.map(({ key, values }) => [key, values])), zeros }
}

async function writeFileOf (path: string, model: ModelFile, changes: TensorChanges, format: FormatName, options: Parameters<typeof writeModel>[3]): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await writeModel(model, changes, format, options, { write: async (offset, bytes) => { await handle.write(bytes, 0, bytes.length, offset) } })
  } finally {
    await handle.close()
  }
}

process.exitCode = await main()
