/** Rounds with rewinding: what is left begins each round with its early values, a fresh optimizer and the learning rate's schedule from its start. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import { loadEngine } from '../../src/engine/runtime.ts'
import { openTrainingData } from '../../src/engine/train/open-data.ts'
import { createTrainer, type Trainer } from '../../src/engine/train/trainer.ts'
import { readDataset } from '../../src/datasets/index.ts'
import { TECHNIQUES } from '../../src/methods/dynamic/index.ts'
import { poolFor } from '../../src/methods/dynamic/pool.ts'
import type { PruningRun } from '../../src/methods/dynamic/pruning.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { SCHEDULE_OPTIONS, scheduleFor } from '../../src/pruning/schedules/index.ts'
import { openFixture } from '../support/fixtures.ts'
import { trainingImages } from '../support/training-images.ts'

let source: Awaited<ReturnType<typeof openFixture>>
before(async () => {
  await loadEngine()
  source = await openFixture('test/fixtures/models/mlp.keras')
})
after(async () => { await source.close() })

/** Runs a method in rounds of 5 steps; tells what the state is before each step. */
async function inRounds (recipe: object, steps: number, seen: (step: number, trainer: Trainer) => void): Promise<void> {
  const model = await readModel(source)
  const whole = parseRecipe({ training: { epochs: 1, batchSize: 20, optimizer: { type: 'adam', learningRate: 0.01, schedule: { type: 'exponential', decaySteps: 1, decayRate: 0.5 } } }, ...recipe })
  const split = (await readDataset(bytesInMemory(await trainingImages(20 * steps)))).splits.all!
  const data = await openTrainingData(split, { limitBytes: 2 ** 30, spool: async () => assert.fail('it fits into memory'), signal: new AbortController().signal })
  const pool = poolFor(model, whole, 0.75)
  const { create } = TECHNIQUES[whole.method as 'lottery' | 'iterative']
  const pruning = create({ recipe: whole, model, options: whole.options!, pool, schedule: scheduleFor(SCHEDULE_OPTIONS, steps), steps, stepsPerEpoch: steps, seed: 1 })
  const trainer = await createTrainer({ model, options: whole.training! as never, data, seed: 1, pruner: pruning.pruner, ...(pruning.scheduledSteps !== undefined && { scheduledSteps: pruning.scheduledSteps }) })
  const run: PruningRun = {
    trainer,
    update (name, step, inputs, asked) {
      tf.dispose(trainer.program.run(name, inputs))
      return { step, asked, sparsity: 0, pruned: 0, spliced: 0, net: 0 }
    },
  }
  try {
    trainer.begin(0)
    for (let step = 0; step < steps; step++) {
      const kind = pruning.onStep(step, run)
      seen(step, trainer)
      await trainer.steps(step, step + 1, kind)
    }
  } finally {
    trainer.dispose()
  }
}

function valuesOf ({ program }: Trainer, name: string): number[] {
  const [tensor] = program.read([name])
  const values = [...tensor!.dataSync()]
  tensor!.dispose()
  return values
}

const KERNEL = 'dense_1/kernel'

for (const [rewind, kept] of [[0, 0], [2, 2]] as const) {
  test(`lottery goes back to step ${rewind}`, async () => {
    const history: number[][] = []
    await inRounds({ method: 'lottery', target: { sparsity: 0.75 }, options: { rounds: 3, rewind } }, 15, (step, trainer) => {
      history.push(valuesOf(trainer, `weight:${KERNEL}`))
      if (step !== 5 && step !== 10) return
      const mask = valuesOf(trainer, `mask:${KERNEL}`)
      assert.deepEqual(history[step], history[kept]!.map((value, index) => value * mask[index]!), `before step ${step}`)
      // Two prunings to a quarter: each keeps half of what is left.
      const share = mask.reduce((sum, one) => sum + one, 0) / mask.length
      assert.ok(share < 1, String(share))
      assert.deepEqual(valuesOf(trainer, 'counter'), [rewind])
      assert.ok(valuesOf(trainer, `slot:m:${KERNEL}`).every((value) => value === 0))
      // Biases go back as well.
      assert.deepEqual(valuesOf(trainer, 'weight:dense_1/bias'), valuesOf(trainer, 'early:dense_1/bias'))
    })
  })
}

test('iterative goes on with what the round before came to', async () => {
  let last: number[] = []
  await inRounds({ method: 'iterative', target: { sparsity: 0.75 }, options: { rounds: 3 } }, 15, (step, trainer) => {
    const values = valuesOf(trainer, `weight:${KERNEL}`)
    const mask = valuesOf(trainer, `mask:${KERNEL}`)
    if (step === 5 || step === 10) {
      assert.equal(values.filter((value, index) => mask[index] === 1 && value === 0).length, 0)
      assert.deepEqual(valuesOf(trainer, 'counter'), [0])
      assert.ok(values.some((value, index) => value !== last[index] && mask[index] === 1), 'it was trained since')
    }
    if (step % 5 === 0) last = values
  })
})
