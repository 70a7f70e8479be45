/**
 * Structured pruning of LeNet-5 and a small residual network on Fashion-MNIST: how much smaller, how accurate at once and after one and two epochs, and how much faster; and how
 * long it takes to get there in a network of 200 convolutions. Beside it Torch-Pruning with the same weights, where Python has it.
 */
import { cpus, tmpdir } from 'node:os'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { engineEnvironment, inherited, readConfig } from '../src/config.ts'
import { dataZip } from './methods/data.ts'
import { CASES, MARKS, MODELS, VARIANTS, type CaseName, type ModelName } from './structured/cases.ts'
import { partsOf } from './structured/data.ts'
import { timeGraph, type GraphTimes } from './structured/graph.ts'
import { denseRuns, latencies, ourAccuracy, peerAccuracy, type Measuring } from './structured/measure.ts'
import { NETWORK } from './structured/network.ts'
import { runPeer } from './structured/peer.ts'
import { summarize } from './train/statistics.ts'

const PARTS = ['accuracy', 'latency', 'graph'] as const

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: Object.keys(MODELS).join() },
    cases: { type: 'string', default: Object.keys(CASES).join() },
    parts: { type: 'string', default: PARTS.join() },
    variants: { type: 'string', default: 'default' },
    seeds: { type: 'string', default: '0,1,2' },
    // 5,000 of the training images are reported in place of the test images, and do not train.
    select: { type: 'boolean', default: false },
    // Nothing is trained on.
    'one-shot': { type: 'boolean', default: false },
    training: { type: 'string' },
    reported: { type: 'string' },
    threads: { type: 'string', default: String(cpus().length) },
    peer: { type: 'string', default: 'yes' },
    // Are the models as they came trained as long, to compare with?
    dense: { type: 'string', default: 'yes' },
    python: { type: 'string', default: inherited.ESPALIER_PYTHON ?? 'python3' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

/** Names of a table, or all of them. */
function named<T extends string> (option: keyof typeof options, table: readonly T[]): T[] {
  const names = options[option] === 'all' ? [...table] : String(options[option]).split(',')
  const unknown = names.find((name) => !(table as readonly string[]).includes(name))
  if (unknown !== undefined) throw new Error(`--${option} takes ${table.join(', ')}, not "${unknown}"`)
  return names as T[]
}

// As the engine process of a worker has it, before TensorFlow is loaded.
Object.assign(process.env, engineEnvironment().env, { TF_NUM_INTRAOP_THREADS: options.threads, OMP_NUM_THREADS: options.threads })
const { home } = readConfig()
const log = (line: string): void => { console[options.json ? 'error' : 'log'](line) }
const parts = named('parts', PARTS)
const variants = named('variants', Object.keys(VARIANTS))
const withPeer = options.peer === 'yes'
const SKIPPED = 'it was not asked for'
const GRAPH = { rounds: 5, ratio: 0.5, mark: 1 } as const

async function measureModel (name: ModelName, measuring: Measuring): Promise<Record<string, unknown>> {
  const figures: Record<string, unknown> = {}
  const dense = parts.includes('accuracy') && options.dense === 'yes' ? await denseRuns(name, measuring) : measuring.seeds.map(() => [])
  let peerDense: ReadonlyArray<readonly number[]> | undefined
  for (const chosen of named<CaseName>('cases', Object.keys(CASES) as CaseName[])) {
    const ours: Record<string, Record<string, unknown>> = Object.fromEntries(variants.map((variant) => [variant, {}]))
    let peer: Record<string, unknown> = withPeer ? {} : { leftOut: SKIPPED }
    if (parts.includes('accuracy')) {
      for (const variant of variants) ours[variant] = await ourAccuracy(name, chosen, variant, dense, measuring)
      const found = withPeer ? await peerAccuracy(name, chosen, options.dense === 'yes' ? peerDense : dense, measuring) : SKIPPED
      if (typeof found === 'string') peer = { leftOut: found }
      else [peer, peerDense] = [found.figures, found.dense]
    }
    if (parts.includes('latency')) {
      const found = await latencies(name, chosen, measuring)
      ours.default = { ...ours.default, ...found.ours }
      peer = typeof found.peer === 'string' ? { ...peer, leftOut: found.peer } : { ...peer, ...found.peer }
    }
    const [mark, lost] = [MARKS[chosen], ours.default?.accuracyDropPoints]
    const judged = mark !== undefined && typeof lost === 'number' && measuring.train ? { mark, met: lost <= mark } : {}
    figures[chosen] = { ...ours.default, ...judged, ...(variants.some((variant) => variant !== 'default') && { variants: ours }), peer }
  }
  return figures
}

async function measureGraph (threads: number): Promise<Record<string, unknown>> {
  const ours = await timeGraph(GRAPH.rounds, GRAPH.ratio)
  const peer = withPeer ? await runPeer<'graph'>(options.python, { part: 'graph', ...NETWORK, rounds: GRAPH.rounds, ratio: GRAPH.ratio, threads }) : SKIPPED
  const medians = ({ seconds, processorSeconds, ...sizes }: GraphTimes): Record<string, unknown> & { readonly seconds: number } =>
    ({ ...sizes, seconds: summarize(seconds).median, processorSeconds: summarize(processorSeconds).median, rounds: { seconds, processorSeconds } })
  const figures = medians(ours)
  return { ...figures, mark: GRAPH.mark, met: figures.seconds < GRAPH.mark, peer: typeof peer === 'string' ? { leftOut: peer } : medians(peer) }
}

const folder = await mkdtemp(join(tmpdir(), 'espalier-structured-'))
try {
  const dataset = await dataZip('fashion', { home, log, ...(options.data !== undefined && { data: options.data }) })
  const reported = Number(options.reported ?? (options.select ? 5000 : 10_000))
  const training = Number(options.training ?? (options.select ? 60_000 - reported : 60_000))
  const examples = await partsOf(dataset, folder, { training, reported, from: options.select ? 'training' : 'test' })
  const threads = Number(options.threads)
  const measuring: Measuring = { examples, folder, seeds: options.seeds.split(',').map(Number), train: !options['one-shot'], python: options.python, threads, log }
  const models: Record<string, unknown> = {}
  if (parts.some((part) => part !== 'graph')) for (const name of named<ModelName>('models', Object.keys(MODELS) as ModelName[])) models[name] = await measureModel(name, measuring)
  const graph = parts.includes('graph') ? await measureGraph(threads) : null
  const figures = { models, graph, training, reported: `${reported} of the ${options.select ? 'training' : 'test'} images`, seeds: measuring.seeds, threads, cores: cpus().length, processor: cpus()[0]!.model }
  console.log(options.json ? JSON.stringify(figures) : JSON.stringify(figures, null, 2))
} finally {
  await rm(folder, { recursive: true, force: true })
}
