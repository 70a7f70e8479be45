/**
 * Seconds an evaluation of the fixtures' models over the 10,000 test images of the examples takes: compiled, eager, compiled anew each time, and
 * predict of real Keras. All sides keep the data in memory and take turns; ratios are medians of the ratios within each round.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readDataset, scaleFeatures } from '../src/datasets/index.ts'
import { openFile } from '../src/worker/files.ts'
import { openEvaluateSide, SIDES, type EvaluateSideName } from './evaluate/sides.ts'
import type { Side } from './train/side.ts'
import { pairedRatios, rotated, summarize } from './train/statistics.ts'

const MODELS = { mlp: 'test/fixtures/models/mlp.keras', lenet5: 'examples/lenet5.keras', resnet8: 'test/fixtures/models/resnet8.keras' } as const
const IMAGES = 'examples/fashion-mnist-test.zip'

/** Largest difference of the sides' losses, which tells that all evaluate the same model on the same data. */
const SAME_LOSS = 1e-4

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: Object.keys(MODELS).join(',') },
    rounds: { type: 'string', default: '7' },
    batch: { type: 'string', default: '256' },
    threads: { type: 'string', default: String(cpus().length) },
    python: { type: 'string', default: 'python3' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)
const at = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url))
const log = (line: string): void => { if (!options.json) console.log(line) }
const figures: Record<string, number | null> = {}

async function benchModel (model: string, folder: string, examples: number): Promise<void> {
  const file = (MODELS as Readonly<Record<string, string>>)[model]
  if (file === undefined) throw new Error(`--models takes ${Object.keys(MODELS).join(', ')}, not "${model}"`)
  const spec = { model: at(file), folder, examples, batch: Number(options.batch), threads: Number(options.threads), trialSteps: 1 }
  const sides: Array<Side<EvaluateSideName>> = []
  try {
    log(`\n${model}: ${examples} examples, batch ${spec.batch}, ${rounds} rounds`)
    for (const name of SIDES) {
      const side = await openEvaluateSide(name, spec, options.python)
      if (typeof side === 'string') log(`  ${name} is left out: ${side}; install it with: pip install tensorflow-cpu keras`)
      else sides.push(side)
    }
    const losses = sides.map(({ ready }) => ready.initialLoss)
    if (Math.max(...losses) - Math.min(...losses) > SAME_LOSS) throw new Error(`the sides do not evaluate the same: their losses are ${losses.join(', ')}`)
    const times = new Map<EvaluateSideName, number[]>(sides.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const side of rotated(sides, round)) times.get(side.name)!.push((await side.run(1)).seconds)
    }
    report(model, sides, times)
  } finally {
    for (const side of sides) side.close()
  }
}

function report (model: string, sides: ReadonlyArray<Side<EvaluateSideName>>, times: ReadonlyMap<EvaluateSideName, number[]>): void {
  for (const { name, ready } of sides) {
    const { median, low, high } = summarize(times.get(name)!)
    figures[`${model}.${name}Seconds`] = rounded(median)
    log(`  ${name.padEnd(10)} ${median.toFixed(3)} s (${low.toFixed(3)} to ${high.toFixed(3)})  ${ready.versions}${ready.kept === undefined ? '' : `, ${ready.kept}`}`)
  }
  for (const [key, over, under] of [['compiledOverEager', 'compiled', 'eager'], ['freshOverEager', 'fresh', 'eager'], ['compiledOverKeras', 'compiled', 'keras']] as const) {
    const [a, b] = [times.get(over), times.get(under)]
    const ratio = a === undefined || b === undefined ? null : summarize(pairedRatios(a, b)).median
    figures[`${model}.${key}`] = ratio === null ? null : rounded(ratio)
    if (ratio !== null) log(`  ${key.padEnd(20)} ${ratio.toFixed(3)}`)
  }
}

function rounded (value: number): number {
  return Math.round(value * 1000) / 1000
}

const folder = await mkdtemp(join(tmpdir(), 'espalier-evaluate-'))
const source = await openFile(at(IMAGES))
try {
  const split = scaleFeatures((await readDataset(source)).splits.test!, { scale: 1 / 255, offset: 0 })
  for (const [name, array] of [['images.f32', split.features[0]!], ['labels.f32', split.targets[0]!]] as const) {
    const values = await array.read(0, split.examples)
    await writeFile(join(folder, name), new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${options.threads} threads, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}`)
  for (const model of options.models.split(',')) await benchModel(model, folder, split.examples)
  if (options.json) console.log(JSON.stringify(figures))
} finally {
  await source.close()
  await rm(folder, { recursive: true, force: true })
}
