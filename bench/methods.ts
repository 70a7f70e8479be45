/**
 * What a method makes of a model: LeNet-300-100 and LeNet-5 on MNIST against the marks of papers, and on Fashion-MNIST against TensorFlow Model Optimization.
 * One case and seed a run: a dense model is trained from fresh weights (and kept for further runs), then the recipe prunes it as a job does.
 */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '../src/config.ts'
import { readModel } from '../src/models/formats/index.ts'
import { openFile } from '../src/worker/files.ts'
import { CASE_NAMES, caseNamed, type Case } from './methods/cases.ts'
import { denseModel } from './methods/dense.ts'
import { dataZip } from './methods/data.ts'
import { runTfmot } from './methods/tfmot.ts'
import { runRecipe, type RecipeResult } from './methods/run-recipe.ts'

const { values: options } = parseArgs({
  options: {
    case: { type: 'string' },
    seed: { type: 'string', default: '0' },
    peer: { type: 'boolean', default: false },
    python: { type: 'string', default: 'python3' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const seed = Number(options.seed)
const chosen = options.case === undefined ? undefined : caseNamed(options.case)
if (chosen === undefined || !Number.isInteger(seed) || seed < 0) throw new Error(`give --case, one of ${CASE_NAMES.join(', ')}, and --seed, a whole number`)

const { home } = readConfig()
const log = (line: string): void => { console[options.json ? 'error' : 'log'](line) }

function progress (what: string): (progress: { readonly epoch?: number, readonly loss?: number, readonly done: number, readonly total: number }) => void {
  let told = 0
  return ({ epoch = 0, loss, done, total }) => {
    if (epoch <= told || loss === undefined) return
    told = epoch
    log(`${what}: ${Math.round(100 * done / total)} %, loss ${loss.toFixed(4)}`)
  }
}

const percent = (accuracy: number): number => Math.round((1 - accuracy) * 1e6) / 1e4

/** Of the written model: kernels alone, as some papers count, beside all trainable parameters. */
async function countKernels (path: string): Promise<{ weights: number, nonzeros: number }> {
  const source = await openFile(path)
  try {
    const { layers } = await readModel(source)
    const kernels = await Promise.all(layers.flatMap(({ weights }) => weights.filter(({ role }) => role === 'kernel').map(async ({ tensor }) => await tensor.read())))
    const sum = (of: (values: Float32Array) => number): number => kernels.reduce((total, values) => total + of(values), 0)
    return { weights: sum(({ length }) => length), nonzeros: sum((values) => values.filter((value) => value !== 0).length) }
  } finally {
    await source.close()
  }
}

async function figuresOf ({ receipt, seconds, model }: RecipeResult, { mark }: Case): Promise<Record<string, unknown>> {
  const { before, after, layers, training, updates = [] } = receipt
  const kernels = await countKernels(model)
  const errorPercent = percent(after.metrics!.accuracy!)
  return {
    compression: after.compression,
    errorPercent,
    denseErrorPercent: percent(before.metrics!.accuracy!),
    nonzeros: after.nonzeros,
    weights: after.weights,
    kernels: { ...kernels, compression: kernels.weights / kernels.nonzeros },
    sparsity: after.sparsity,
    layers: Object.fromEntries(layers.map(({ name, nonzeros }) => [name, nonzeros])),
    epochs: training!.epochs.length,
    restoredEpoch: training!.restoredEpoch,
    spliced: updates.reduce((sum, update) => sum + update.spliced, 0),
    seconds,
    ...(mark && { mark: { ...mark, met: after.compression >= mark.compression && errorPercent <= mark.errorPercent } }),
  }
}

const dataset = await dataZip(chosen.data, { home, log, ...(options.data !== undefined && { data: options.data }) })
const folder = join(home, 'cache', 'bench-methods', 'runs')
const dense = await denseModel({ ...chosen, seed, dataset, folder, home, onProgress: progress('dense') })
const result = await runRecipe({ model: dense.path, dataset, recipe: { evaluation: { latency: false }, ...chosen.recipe, seed }, folder, onProgress: progress(options.case!) })
const figures: Record<string, unknown> = { case: options.case, seed, ...await figuresOf(result, chosen), denseSeconds: dense.seconds, cores: cpus().length, processor: cpus()[0]!.model }
if (options.peer) {
  const peer = await runTfmot({ python: options.python, model: dense.path, dataset, folder, sparsity: chosen.sparsity, seed })
  figures.peer = typeof peer === 'string' ? { leftOut: peer } : { ...peer, errorPercent: percent(peer.accuracy), pointsBetter: Math.round(1e4 * (result.receipt.after.metrics!.accuracy! - peer.accuracy)) / 100, secondsRatio: result.receipt.training!.seconds / peer.seconds }
}
if (options.json) console.log(JSON.stringify(figures))
else for (const [name, value] of Object.entries(figures)) log(`${name.padEnd(20)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
