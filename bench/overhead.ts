/**
 * What pruning costs in a training step: every method against plain training, on the same model and data in one process, in turns. Steps include the updates of
 * masks as each method's schedule has them. Ratios are medians of the ratios within each round.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '../src/config.ts'
import { loadEngine } from '../src/engine/runtime.ts'
import { createTrainer, type Trainer, type TrainerRequest } from '../src/engine/train/trainer.ts'
import { TECHNIQUES } from '../src/methods/dynamic/index.ts'
import { poolFor } from '../src/methods/dynamic/pool.ts'
import type { PruningRun } from '../src/methods/dynamic/pruning.ts'
import { readModel } from '../src/models/formats/index.ts'
import { parseRecipe } from '../src/pruning/recipe.ts'
import { SCHEDULE_OPTIONS, scheduleFor } from '../src/pruning/schedules/index.ts'
import { openFile } from '../src/worker/files.ts'
import { readFashion } from './train/fashion.ts'
import { writeInitialModel } from './train/models.ts'
import { MODELS, type ModelName } from './train/protocol.ts'
import { pairedRatios, rotated, summarize } from './train/statistics.ts'

/** Over plain training. */
const MARKS: Readonly<Record<string, number>> = { gradual: 1.05, surgery: 1.10 }

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: 'lenet300,lenet5' },
    methods: { type: 'string', default: Object.keys(TECHNIQUES).filter((name) => !['group-lasso', 'slimming'].includes(name)).join(',') },
    rounds: { type: 'string', default: '7' },
    steps: { type: 'string', default: '100' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const [rounds, steps] = [Number(options.rounds), Number(options.steps)]
const log = (line: string): void => { if (!options.json) console.log(line) }

interface Side { readonly name: string, readonly trainer: Trainer, run (steps: number): number }

/** A run of 6 epochs, pruned over the first 60 % as recipes are by default. */
const EPOCHS = 6

async function sideOf (name: string, request: TrainerRequest): Promise<Side> {
  const stepsPerEpoch = Math.floor(request.data.examples / request.options.batchSize)
  const recipe = name === 'plain' ? undefined : parseRecipe({ method: name, target: { sparsity: 0.9 }, training: { epochs: EPOCHS } })
  const pool = recipe && poolFor(request.model, recipe, 0.9)
  const total = stepsPerEpoch * EPOCHS
  const pruning = recipe && TECHNIQUES[name as keyof typeof TECHNIQUES].create({
    recipe, model: request.model, options: recipe.options ?? {}, pool: pool!, schedule: scheduleFor(recipe.schedule ?? SCHEDULE_OPTIONS, total), steps: total, stepsPerEpoch, seed: 1,
  })
  const trainer = await createTrainer({ ...request, ...(pruning && { pruner: pruning.pruner }) })
  const run: PruningRun = {
    trainer,
    update (what, step, inputs, asked) {
      const [counts] = trainer.program.run(what, inputs)
      const values = counts!.dataSync()
      counts!.dispose()
      return { step, asked, sparsity: values[2]! / pool!.weights, pruned: 0, spliced: 0, net: 0 }
    },
  }
  let done = 0
  return {
    name,
    trainer,
    run (count) {
      const begin = performance.now()
      for (let left = count; left > 0; left--) {
        const step = done++ % total
        const at = step % stepsPerEpoch
        if (at === 0) trainer.begin(Math.floor(step / stepsPerEpoch))
        trainer.steps(at, at + 1, pruning?.onStep(step, run))
      }
      // The sums wait for the device.
      trainer.sums()
      return (performance.now() - begin) / count
    },
  }
}

async function bench (model: ModelName, folder: string): Promise<Record<string, number>> {
  await writeInitialModel(model, folder, 1)
  const source = await openFile(join(folder, `${model}.keras`))
  const { images, labels, examples } = await readFashion({ home: readConfig().home, log, ...(options.data !== undefined && { data: options.data }) })
  const file = await readModel(source)
  const request: TrainerRequest = {
    model: file,
    seed: 1,
    data: { examples, features: [{ shape: [28, 28, 1], values: Float32Array.from(images, (value) => value / 255) }], targets: [{ shape: [], values: Float32Array.from(labels) }] },
    options: {
      ...parseRecipe({ method: 'fine-tune' }).training!, epochs: EPOCHS, batchSize: 128, loss: 'sparse-categorical-crossentropy',
    } as TrainerRequest['options'],
  }
  const figures: Record<string, number> = {}
  log(`\n${model}: batch 128, Adam, ${rounds} rounds of ${steps} steps, sparsity 0.9`)
  // Two at a time: a method beside plain training, so that neither waits for the caches of many others.
  for (const name of options.methods.split(',')) {
    const sides = [await sideOf('plain', request), await sideOf(name, request)]
    const times = new Map<string, number[]>(sides.map((side) => [side.name, []]))
    for (const side of sides) side.run(steps)
    for (let round = 0; round < rounds; round++) for (const side of rotated(sides, round)) times.get(side.name)!.push(side.run(steps))
    for (const { trainer } of sides) trainer.dispose()
    const { median, low, high } = summarize(pairedRatios(times.get(name)!, times.get('plain')!))
    figures[`${model}/${name}`] = median
    const mark = MARKS[name]
    log(`  ${name.padEnd(12)} ${median.toFixed(3)} of plain training (${low.toFixed(3)} to ${high.toFixed(3)}), ${summarize(times.get(name)!).median.toFixed(2)} ms a step${mark === undefined ? '' : `, mark ${mark}: ${median <= mark ? 'met' : 'missed'}`}`)
  }
  await source.close()
  return figures
}

await loadEngine()
const folder = await mkdtemp(join(tmpdir(), 'espalier-overhead-'))
try {
  const figures: Record<string, number> = {}
  for (const name of options.models.split(',')) {
    const model = MODELS.find((one) => one === name)
    if (model === undefined) throw new Error(`--models takes ${MODELS.join(', ')}, not "${name}"`)
    Object.assign(figures, await bench(model, folder))
  }
  if (options.json) console.log(JSON.stringify({ overhead: figures, rounds, steps, cores: cpus().length, processor: cpus()[0]!.model }))
} finally {
  await rm(folder, { recursive: true })
}
