/** Chains of stages on LeNet-5 and a small residual network on Fashion-MNIST: how much smaller, how much accuracy is lost over the 10,000 test images, and whether zeros stay. */
import { cpus, tmpdir } from 'node:os'
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { engineEnvironment, readConfig } from '../src/config.ts'
import { CASES, MODELS } from './chain/cases.ts'
import { denseBytes, figuresOf, type ChainFigures } from './chain/figures.ts'
import { agreementOf } from './chain/agreement.ts'
import { dataZip } from './methods/data.ts'
import { runRecipe } from './methods/run-recipe.ts'

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: Object.keys(CASES).join() },
    threads: { type: 'string', default: String(cpus().length) },
    seed: { type: 'string', default: '1' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

// As the engine process of a worker has it, before TensorFlow is loaded.
Object.assign(process.env, engineEnvironment().env, { TF_NUM_INTRAOP_THREADS: options.threads, OMP_NUM_THREADS: options.threads })
const log = (line: string): void => { console[options.json ? 'error' : 'log'](line) }
const { home } = readConfig()
const folder = await mkdtemp(join(tmpdir(), 'espalier-chain-'))
const results: Record<string, ChainFigures> = {}
try {
  const dataset = await dataZip('fashion', { home, log, ...(options.data !== undefined && { data: options.data }) })
  for (const name of options.cases.split(',')) {
    const one = CASES[name]
    if (one === undefined) throw new Error(`--cases takes ${Object.keys(CASES).join(', ')}, not "${name}"`)
    const model = MODELS[one.model]
    // The model itself beside, so that outputs are compared with it in their own runtimes.
    const output = [...(one.recipe as { output?: string[] }).output ?? [], 'keras']
    const { receipt, model: first, seconds } = await runRecipe({ model, dataset, recipe: { ...one.recipe, output, evaluation: { latency: false }, seed: Number(options.seed) }, folder })
    const figures = await figuresOf(one, receipt, dirname(first), await denseBytes(model), await agreementOf(dirname(first), receipt, dataset))
    results[name] = figures
    const files = figures.outputs.map(({ format, bytes, gzipBytes, ratio, agreement }) => `${format} ${(bytes / 1000).toFixed(1)} kB, after gzip ${(gzipBytes / 1000).toFixed(1)} kB (1/${ratio.toFixed(1)})${agreement === null ? '' : `, agrees on ${agreement.toFixed(2)} %`}`)
    log(`${name}: accuracy ${(figures.accuracyBefore * 100).toFixed(2)} -> ${(figures.accuracyAfter * 100).toFixed(2)} %, ${(figures.sparsity * 100).toFixed(1)} % zeros; ${files.join('; ')}${figures.huffmanRatio === undefined ? '' : `; Huffman-coded 1/${figures.huffmanRatio.toFixed(1)}`}${figures.layerMacsRatio === undefined ? '' : `; 1/${figures.layerMacsRatio.toFixed(2)} of the layer's MACs`}; ${seconds.toFixed(0)} s; ${figures.met ? 'met' : 'MISSED'}`)
  }
  if (options.json) console.log(JSON.stringify({ cores: cpus().length, threads: Number(options.threads), seed: Number(options.seed), cases: results }, null, 2))
} finally {
  await rm(folder, { recursive: true, force: true })
}
