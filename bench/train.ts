/**
 * Seconds a training step of LeNet-300-100, LeNet-5 and ResNet-8 takes here, compiled and eager, and in Keras and PyTorch on the same cores. All sides
 * keep model and data in memory and take turns; ratios are medians of the ratios within each round.
 */
import { rm, mkdtemp, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '../src/config.ts'
import { readFashion } from './train/fashion.ts'
import { writeInitialModel } from './train/models.ts'
import { MODELS, OUR_SIDES, PEERS, type ModelName, type SideName } from './train/protocol.ts'
import { openSide, type Side } from './train/side.ts'
import { pairedRatios, rotated, summarize } from './train/statistics.ts'

/** Compiled over eager, by model; over the faster of Keras and PyTorch; masks over none. */
const MARKS = { eager: { lenet300: 0.33, lenet5: 0.40, resnet8: 0.33 }, peers: 1.05, masks: 1.05 } as const

const INSTALL = { keras: 'pip install tensorflow-cpu keras', torch: 'pip install torch' } as const

/** Largest difference of the sides' first losses, which tells that all train the same model on the same data. */
const SAME_LOSS = 1e-3

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    models: { type: 'string', default: MODELS.join(',') },
    rounds: { type: 'string' },
    steps: { type: 'string' },
    threads: { type: 'string', default: String(cpus().length) },
    python: { type: 'string', default: 'python3' },
    data: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds ?? 7)
// The quick run is 200 steps a side in all.
const steps = Number(options.steps ?? (options.quick ? Math.ceil(200 / rounds) : 150))
const models = options.models.split(',').map((name) => {
  const model = MODELS.find((one) => one === name)
  if (model === undefined) throw new Error(`--models takes ${MODELS.join(', ')}, not "${name}"`)
  return model
})

const log = (line: string): void => { if (!options.json) console.log(line) }
const figures: Record<string, number | null> = {}

async function benchModel (model: ModelName, folder: string): Promise<void> {
  const weights = await writeInitialModel(model, folder, 1)
  const spec = { model, folder, batch: 128, learningRate: 1e-3, lossExamples: 1000, threads: Number(options.threads), device: options.device === 'gpu' ? 'gpu' : 'cpu' } as const
  const sides: Side[] = []
  try {
    log(`\n${model}: ${weights} trainable weights, batch ${spec.batch}, Adam, ${rounds} rounds of ${steps} steps`)
    for (const name of [...OUR_SIDES, ...PEERS]) {
      const side = await openSide(name, spec, options.python)
      if (typeof side === 'string') log(`  ${name} is left out: ${side}; install it with: ${INSTALL[name as keyof typeof INSTALL]}`)
      else sides.push(side)
    }
    const losses = sides.map(({ ready }) => ready.initialLoss)
    if (Math.max(...losses) - Math.min(...losses) > SAME_LOSS) throw new Error(`the sides do not train the same: their first losses are ${losses.join(', ')}`)
    const times = await measure(sides)
    report(model, sides, times)
  } finally {
    for (const side of sides) side.close()
  }
}

async function measure (sides: readonly Side[]): Promise<Map<SideName, number[]>> {
  const times = new Map<SideName, number[]>(sides.map(({ name }) => [name, []]))
  for (const side of sides) await side.run(Math.ceil(steps / 5))
  for (let round = 0; round < rounds; round++) {
    for (const side of rotated(sides, round)) times.get(side.name)!.push((await side.run(steps)).seconds / steps)
  }
  return times
}

function report (model: ModelName, sides: readonly Side[], times: ReadonlyMap<SideName, number[]>): void {
  for (const { name, ready } of sides) {
    const { median, low, high } = summarize(times.get(name)!.map((seconds) => seconds * 1000))
    log(`  ${name.padEnd(16)} ${median.toFixed(2)} ms a step (${low.toFixed(2)} to ${high.toFixed(2)})  ${ready.versions}${ready.kept === undefined ? '' : `, ${ready.kept}`}`)
  }
  const ratio = (a: SideName, b: SideName): number | null => {
    const [over, under] = [times.get(a), times.get(b)]
    return over === undefined || under === undefined ? null : summarize(pairedRatios(over, under)).median
  }
  const note = (key: string, value: number | null, mark: number): void => {
    figures[`${model}.${key}`] = value === null ? null : Math.round(value * 1000) / 1000
    if (value !== null) log(`  ${key.padEnd(20)} ${value.toFixed(3)}  (mark ${mark}: ${value <= mark ? 'met' : 'missed'})`)
  }
  note('compiledOverEager', ratio('compiled', 'eager'), MARKS.eager[model])
  note('compiledOverKeras', ratio('compiled', 'keras'), MARKS.peers)
  note('compiledOverTorch', ratio('compiled', 'torch'), MARKS.peers)
  note('maskOverhead', ratio('compiled-masked', 'compiled'), MARKS.masks)
}

const folder = await mkdtemp(join(tmpdir(), 'espalier-train-'))
try {
  const images = await readFashion({ ...(options.data !== undefined && { data: options.data }), home: readConfig().home, log })
  await writeFile(join(folder, 'images.u8'), images.images)
  await writeFile(join(folder, 'labels.u8'), images.labels)
  log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${options.threads} threads, Node ${process.version}; ${images.origin}, ${images.examples} examples`)
  for (const model of models) await benchModel(model, folder)
  if (options.json) console.log(JSON.stringify(figures))
} finally {
  await rm(folder, { recursive: true, force: true })
}
