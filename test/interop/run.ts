/**
 * Writes pruned models in every Keras format, models with channels taken out, and gradients of every layer, and has the real Keras check them; pruned safetensors files, SavedModels, TF.js graph models, ONNX models, TFLite exports and metrics go to the libraries of their formats:
 * `npm run test:interop`, or one of them with `-- keras`, `-- numbers`, `-- remade`, `-- form` (layers put in and taken out), `-- structure`, `-- safetensors`, `-- savedmodel`, `-- tfjs-graph`, `-- onnx`, `-- tflite`, `-- metrics`, `-- grafana` (a real Prometheus asks for each panel). Python is ESPALIER_PYTHON or python3; a check whose packages are not in it is skipped
 * and says so.
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
import type { HeldChanges, ModelFile, TensorChanges } from '../../src/models/model.ts'
import { sizeOf } from '../../src/models/tensor.ts'
import { pruneMagnitude } from '../../src/pruning/prune.ts'
import { IMAGES, MODEL_FILES, openFixture, pathOf } from '../support/fixtures.ts'
import { writeForm } from './form.ts'
import { checkGrafana } from './grafana.ts'
import { writeGradients } from './gradients.ts'
import { writeNumbers } from './numbers.ts'
import { writeOnnxCases } from './onnx.ts'
import { writeMetrics } from './metrics.ts'
import { writeRemade } from './remade.ts'
import { writeSafetensors } from './safetensors.ts'
import { writeSavedModels } from './savedmodels.ts'
import { writeStructure } from './structure.ts'
import { writeGraphModels } from './tfjs-graph.ts'
import { writeTfliteCases } from './tflite.ts'

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

/** What is checked, by name: the packages it needs, the scripts, and what writes their files into a folder. */
const CHECKS = {
  keras: { packages: ['tensorflow'], scripts: ['check_models.py', 'check_gradients.py'], write: writeKeras },
  numbers: { packages: ['tensorflow'], scripts: ['check_numbers.py'], write: writeNumbers },
  remade: { packages: ['tensorflow'], scripts: ['check_remade.py'], write: writeRemade },
  form: { packages: ['tensorflow'], scripts: ['check_remade.py'], write: writeForm },
  structure: { packages: ['tensorflow'], scripts: ['check_remade.py'], write: writeStructure },
  safetensors: { packages: ['safetensors'], scripts: ['check_safetensors.py'], write: writeSafetensors },
  savedmodel: { packages: ['tensorflow'], scripts: ['check_savedmodels.py'], write: writeSavedModels },
  'tfjs-graph': { packages: ['numpy', 'tensorflowjs'], scripts: ['check_tfjs_graph.py'], write: writeGraphModels },
  onnx: { packages: ['onnx', 'onnxruntime'], scripts: ['check_onnx.py'], write: writeOnnxCases },
  tflite: { packages: ['tensorflow', 'ai_edge_litert'], scripts: ['check_tflite.py'], write: writeTfliteCases },
  metrics: { packages: ['prometheus_client'], scripts: ['check_metrics.py'], write: writeMetrics },
  grafana: { packages: [], scripts: [], write: checkGrafana },
} as const

async function main (): Promise<number> {
  const wanted = process.argv[2]
  const checks = Object.entries(CHECKS).filter(([name]) => wanted === undefined || name === wanted)
  if (checks.length === 0) {
    console.error(`no check is called ${wanted}; there are ${Object.keys(CHECKS).join(', ')}`)
    return 1
  }
  let status = 0
  for (const [name, { packages, scripts, write }] of checks) {
    // tensorflowjs imports packages that its reader does without.
    const missing = packages.filter((one) => spawnSync(python, ['-c', `import importlib.util as u, sys; sys.exit(u.find_spec('${one}') is None)`], { stdio: 'ignore' }).status !== 0)
    if (missing.length > 0) {
      console.log(`skipped ${name}: ${python} has no ${missing.join(' and no ')}; name one that has with ESPALIER_PYTHON`)
      continue
    }
    const folder = await mkdtemp(join(tmpdir(), 'espalier-interop-'))
    try {
      await write(folder)
      for (const script of scripts) {
        const ended = spawnSync(python, [pathOf(`test/interop/${script}`), folder], { stdio: 'inherit', env: { ...process.env, TF_ENABLE_ONEDNN_OPTS: '0' } })
        status = Math.max(status, ended.status ?? 1)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  return status
}

async function writeKeras (folder: string): Promise<void> {
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

async function prune (model: ModelFile): Promise<{ changes: HeldChanges, zeros: number }> {
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
