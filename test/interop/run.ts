/**
 * Writes pruned models in every Keras format and has the real Keras load them: `npm run test:interop`. Python is ESPALIER_PYTHON or python3; without
 * tensorflow in it the check is skipped and says so.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDataset } from '../../src/datasets/index.ts'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine, type Tf } from '../../src/engine/runtime.ts'
import { readModel, writeModel, type FormatName } from '../../src/models/formats/index.ts'
import type { ModelFile, TensorChanges } from '../../src/models/model.ts'
import { pruneMagnitude } from '../../src/pruning/prune.ts'
import { IMAGES, MODEL_FILES, openFixture, pathOf } from '../support/fixtures.ts'

const EXAMPLES = 8
const SPARSITY = 0.9
const TARGETS = [['keras', '.keras'], ['keras-h5', '.h5']] as const satisfies ReadonlyArray<readonly [FormatName, string]>

/** One file for check_models.py: what it is made of, and what our engine predicts. */
interface Case {
  file: string
  shape: number[]
  outputs: number[][]
  zeros: number
  /** Must the state of the optimizer be there? */
  optimizer: boolean
  /** Can it be trained on? Keras itself cannot continue from the optimizer state of an `.h5` file. */
  train: boolean
}

const python = process.env.ESPALIER_PYTHON ?? 'python3'

async function main (): Promise<number> {
  const found = spawnSync(python, ['-c', 'import tensorflow'], { stdio: 'ignore' })
  if (found.status !== 0) {
    console.log(`skipped: ${python} has no tensorflow; name one that has with ESPALIER_PYTHON`)
    return 0
  }
  const folder = await mkdtemp(join(tmpdir(), 'espalier-interop-'))
  try {
    const { tf } = await loadEngine()
    const images = await testImages()
    const cases: Case[] = []
    for (const [path, name] of MODEL_FILES) cases.push(...await writeCases(tf, path, name, folder, images))
    await writeFile(join(folder, 'images.f32'), images)
    await writeFile(join(folder, 'cases.json'), JSON.stringify(cases))
    return spawnSync(python, [pathOf('test/interop/check_models.py'), folder], { stdio: 'inherit' }).status ?? 1
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function testImages (): Promise<Float32Array> {
  const source = await openFixture(IMAGES)
  const { splits } = await readDataset(source)
  const values = await (splits.all ?? splits.test)!.features[0]!.read(0, EXAMPLES)
  await source.close()
  return values.map((value) => value / 255)
}

/** The model of one fixture in both formats, compressed and not, with and without its optimizer. */
async function writeCases (tf: Tf, path: string, name: string, folder: string, images: Float32Array): Promise<Case[]> {
  const source = await openFixture(path)
  const model = await readModel(source)
  const { changes, zeros } = await prune(model)
  const shape = [EXAMPLES, ...(model.architecture.graph?.inputShapes[0] ?? []).slice(1)].map(Number)
  const predictor = await createPredictor(tf, model, changes)
  const [{ values, shape: [, width] }] = await predictor.predict([{ values: images, shape }]) as [{ values: Float32Array, shape: [number, number] }]
  predictor.dispose()
  const outputs = Array.from({ length: EXAMPLES }, (_, row) => [...values.subarray(row * width, (row + 1) * width)])
  const cases: Case[] = []
  for (const [format, extension] of TARGETS) {
    for (const compress of [false, true]) {
      for (const optimizerState of ['keep', 'drop'] as const) {
        const file = `${name}-from-${model.format}-${compress ? 'compressed' : 'plain'}-${optimizerState}${extension}`
        await writeFileOf(join(folder, file), model, changes, format, { compress, optimizerState })
        const kept = optimizerState === 'keep' && model.hasOptimizerState
        cases.push({ file, shape, outputs, zeros, optimizer: kept, train: compress && (format === 'keras' || !kept) })
      }
    }
  }
  await source.close()
  return cases
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
