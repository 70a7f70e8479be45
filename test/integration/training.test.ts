/** Training runs: compiled as eager, both as real Keras; resumed as uninterrupted; stopped for the reasons that are asked for. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { readDataset } from '../../src/datasets/index.ts'
import type { TrainingData } from '../../src/engine/train/data.ts'
import type { OptimizerOptions, OptimizerRule, TrainingOptions } from '../../src/engine/train/options.ts'
import { train, type Checkpoints, type Sample } from '../../src/engine/train/train.ts'
import { createTrainer, type Trainer, type TrainerRequest } from '../../src/engine/train/trainer.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { openFile } from '../../src/worker/files.ts'

const pathOf = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url))
const keras = JSON.parse(readFileSync(pathOf('test/fixtures/runs/runs.json'), 'utf8')) as {
  batch: number, steps: number, runs: Array<{ model: string, optimizer: 'sgd' | 'adam', losses: number[], weights: Array<{ norm: number, mean: number }> }>
}

const adam = { type: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false } as const
const RULES: Record<OptimizerRule['type'], OptimizerRule> = {
  sgd: { type: 'sgd', momentum: 0.9, nesterov: false },
  adam,
  adamw: { ...adam, type: 'adamw' },
  rmsprop: { type: 'rmsprop', rho: 0.9, momentum: 0.5, epsilon: 1e-7, centered: false },
  adagrad: { type: 'adagrad', initialAccumulator: 0.1, epsilon: 1e-7 },
}

function optionsOf (rule: OptimizerRule, learningRate: number, more: Partial<TrainingOptions> = {}): TrainingOptions {
  const optimizer = { ...rule, learningRate, schedule: { type: 'constant' }, weightDecay: rule.type === 'adamw' ? 0.01 : 0, clip: null } as OptimizerOptions
  return {
    epochs: 1, batchSize: 32, optimizer, loss: 'auto', metrics: null, shuffle: true, classWeights: null, validation: 0, earlyStopping: null, timeBudget: null, checkpointEvery: 3600, ...more
  }
}

const open: Array<{ close (): Promise<void> }> = []
const models = new Map<string, ModelFile>()
let images: Float32Array
let labels: Float32Array

before(async () => {
  for (const name of ['mlp.h5', 'resnet8.h5']) {
    const source = await openFile(pathOf(`test/fixtures/models/${name}`))
    open.push(source)
    models.set(name, await readModel(source))
  }
  const source = await openFile(pathOf('examples/fashion-mnist-test.zip'))
  open.push(source)
  const split = (await readDataset(source)).splits
  const { features, targets } = split.test ?? split.all!
  images = (await features[0]!.read(0, 2000)).map((value) => Math.fround(value / 255))
  labels = await targets[0]!.read(0, 2000)
})

after(async () => { for (const one of open) await one.close() })

function data (from: number, to: number): TrainingData {
  return { examples: to - from, features: [{ shape: [28, 28, 1], values: images.slice(from * 784, to * 784) }], targets: [{ shape: [], values: labels.slice(from, to) }] }
}

async function withTrainer<T> (request: Partial<TrainerRequest> & { options: TrainingOptions }, use: (trainer: Trainer) => Promise<T> | T): Promise<T> {
  const before = tf.memory().numTensors
  const trainer = await createTrainer({ model: models.get('mlp.h5')!, data: data(0, 320), seed: 1, ...request })
  try {
    return await use(trainer)
  } finally {
    trainer.dispose()
    assert.equal(tf.memory().numTensors, before, 'every tensor is freed')
  }
}

/** The largest |a - b| / |b| of the weights' norms: single entries with next to no gradient have next to no direction in Adam. */
function distance (a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number {
  assert.deepEqual([...a.keys()], [...b.keys()])
  return Math.max(...[...b].map(([key, values]) => norm(values.map((value, index) => a.get(key)![index]! - value)) / Math.max(norm(values), 1e-6)))
}

function norm (values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

describe('50 steps, compiled, give what one operation at a time gives', () => {
  const run = async (rule: OptimizerRule, learningRate: number, mode: 'eager' | 'unfused' | 'compiled') =>
    await withTrainer({ options: optionsOf(rule, learningRate, { epochs: 5 }), mode }, (trainer) => {
      for (let epoch = 0; epoch < 5; epoch++) {
        trainer.begin(epoch)
        trainer.steps(0, 10)
      }
      return { weights: trainer.weights(), loss: trainer.sums().loss }
    })

  for (const [name, rule] of Object.entries(RULES)) {
    // TensorFlow's graph optimizer makes x / sqrt(y) one operation, which rounds differently; the other rules stay as they are.
    const rounding = name === 'rmsprop' || name === 'adagrad' ? 1e-4 : 0
    test(`with ${name}: ${rounding === 0 ? 'the same bits' : 'the same'} for the same operations`, async () => {
      const [eager, unfused] = [await run(rule, 1e-3, 'eager'), await run(rule, 1e-3, 'unfused')]
      const off = distance(unfused.weights, eager.weights)
      assert.ok(off <= rounding, String(off))
      assert.ok(Math.abs(unfused.loss - eager.loss) <= rounding * eager.loss)
    })
    // Small steps: a fused update rounds differently, and one unit that goes on in one run and off in the other makes two runs of what was one.
    test(`with ${name}: within 1e-4 with TensorFlow's fused update`, async () => {
      const [eager, compiled] = [await run(rule, 1e-4, 'eager'), await run(rule, 1e-4, 'compiled')]
      const off = distance(compiled.weights, eager.weights)
      assert.ok(off <= 1e-4, String(off))
      assert.ok(Math.abs(compiled.loss - eager.loss) <= 1e-4 * eager.loss)
    })
  }

  test('with batch normalisation', async () => {
    const some = async (mode: 'eager' | 'compiled') => await withTrainer({ model: models.get('resnet8.h5')!, options: optionsOf(RULES.sgd, 0.01), mode, data: data(0, 160) }, (trainer) => {
      trainer.begin(0)
      trainer.steps(0, 5)
      return trainer.weights()
    })
    const off = distance(await some('compiled'), await some('eager'))
    assert.ok(off <= 1e-4, String(off))
  })
})

describe('50 steps give what real Keras gives', () => {
  for (const run of keras.runs) {
    test(`${run.model} with ${run.optimizer}`, async () => {
      const rule = run.optimizer === 'sgd' ? optionsOf(RULES.sgd, 1e-4, { shuffle: false }) : optionsOf(adam, 1e-4, { shuffle: false })
      await withTrainer({ model: models.get(run.model)!, options: rule, data: data(0, keras.batch * keras.steps) }, (trainer) => {
        trainer.begin(0)
        let before = 0
        for (const [step, expected] of run.losses.entries()) {
          trainer.steps(step, step + 1)
          const sum = trainer.sums().loss * (step + 1)
          assert.ok(Math.abs(sum - before - expected) <= 1e-3 * Math.max(1, expected), `loss of step ${step} is ${sum - before}, Keras has ${expected}`)
          before = sum
        }
        const weights = [...trainer.weights().values()]
        assert.equal(weights.length, run.weights.length)
        for (const [index, { norm: expected }] of run.weights.entries()) {
          const ours = norm(weights[index]!)
          assert.ok(Math.abs(ours - expected) <= 1e-3 * Math.max(1, expected), `weight ${index} has the norm ${ours}, Keras has ${expected}`)
        }
      })
    })
  }
})

describe('a run', () => {
  const signal = new AbortController().signal

  test('that was killed and resumed ends with the same bits as one that was not', async () => {
    const options = optionsOf(adam, 1e-3, { epochs: 3, validation: 0.1, earlyStopping: { monitor: 'val_loss', patience: 5, minDelta: 0, restoreBest: true }, checkpointEvery: 0 })
    const request = { options, validation: data(400, 480), data: data(0, 330) }
    const whole = await withTrainer(request, async (trainer) => await train(trainer, options, { signal }))
    let saved: Uint8Array | null = null
    const killed = new AbortController()
    const checkpoints: Checkpoints = {
      load: async () => saved,
      async save (bytes) {
        saved = bytes
        killed.abort(new Error('killed'))
      },
    }
    let steps = 0
    // A slice is cut off in the middle of the second epoch, where a checkpoint is taken.
    await assert.rejects(withTrainer(request, async (trainer) => await train(trainer, options, {
      signal: killed.signal, checkpoints, onStep () { if (++steps === 16) for (const until = performance.now() + 150; performance.now() < until;); },
    })), /killed/)
    const resumed = await withTrainer(request, async (trainer) => await train(trainer, options, { signal, checkpoints }))
    assert.ok(resumed.resumedAt! > 0 && resumed.resumedAt! < resumed.steps, String(resumed.resumedAt))
    assert.deepEqual(resumed.epochs, whole.epochs)
    assert.equal(distance(resumed.weights, whole.weights), 0)
    assert.equal(resumed.restored, whole.restored)
  })

  test('that is paused keeps its state at once and goes on to the same bits; while the state cannot be kept it does not stop', async () => {
    const options = optionsOf(adam, 1e-3, { epochs: 3, validation: 0.1 })
    const request = { options, validation: data(400, 480), data: data(0, 330) }
    const whole = await withTrainer(request, async (trainer) => await train(trainer, options, { signal }))
    let saved: Uint8Array | null = null
    const waits: Array<boolean | undefined> = []
    const pause = new AbortController()
    const checkpoints: Checkpoints = {
      load: async () => saved,
      async save (bytes, how) {
        waits.push(how?.wait)
        if (waits.length < 3) return false
        saved = bytes
        return true
      },
    }
    let steps = 0
    await assert.rejects(withTrainer(request, async (trainer) => await train(trainer, options, {
      signal, checkpoints, pause: pause.signal, onStep () { if (++steps === 14) pause.abort(); if (steps >= 14) for (const until = performance.now() + 110; performance.now() < until;); },
    })), { code: 'job-paused' })
    assert.deepEqual(waits, [true, true, true])
    const resumed = await withTrainer(request, async (trainer) => await train(trainer, options, { signal, checkpoints }))
    assert.equal(resumed.resumedAt, 16)
    assert.deepEqual(resumed.epochs, whole.epochs)
    assert.equal(distance(resumed.weights, whole.weights), 0)
    const without = await withTrainer(request, async (trainer) => await train(trainer, options, { signal, pause: pause.signal }))
    assert.equal(without.stoppedBy, 'epochs', 'nowhere to keep its state: it runs to its end')
  })

  test('tells where it begins and, within long epochs, the means so far', async () => {
    const options = optionsOf(adam, 1e-3, { epochs: 2 })
    const begun: number[] = []
    const samples: Sample[] = []
    let pauses = 0
    const result = await withTrainer({ options, data: data(0, 330) }, async (trainer) => await train(trainer, options, {
      signal,
      onBegin (step) { begun.push(step) },
      onSample (sample) { samples.push(sample) },
      // Two slices of the second epoch take long, the second of them up to its end.
      onStep (step) { if (step === 15 || step === 21) for (const until = performance.now() + 1100 * ++pauses; performance.now() < until;); },
    }))
    assert.deepEqual(begun, [0])
    assert.deepEqual(samples.map(({ epoch, done }) => [epoch, done]), [[1, 16]], 'no sample where an epoch ends: its record is one')
    assert.ok(samples[0]!.loss > 0 && samples[0]!.loss < result.epochs[0]!.loss)
    assert.equal(samples[0]!.metrics['accuracy']! > 0, true)
  })

  test('learns, shuffles from the seed, and takes the last, smaller batch', async () => {
    const options = optionsOf(adam, 1e-3, { epochs: 2 })
    const results = []
    for (const seed of [1, 1, 2]) results.push(await withTrainer({ options, seed, data: data(0, 330) }, async (trainer) => await train(trainer, options, { signal })))
    assert.equal(results[0]!.steps, 2 * 11)
    assert.equal(distance(results[0]!.weights, results[1]!.weights), 0)
    assert.ok(distance(results[0]!.weights, results[2]!.weights) > 0)
    assert.ok(results[0]!.epochs[1]!.loss < results[0]!.epochs[0]!.loss)
  })

  test('stops early, with the best weights, or when its time is over', async () => {
    const stopping = optionsOf(RULES.sgd, 5, { epochs: 20, validation: 0.1, earlyStopping: { monitor: 'val_loss', patience: 1, minDelta: 0, restoreBest: true } })
    const early = await withTrainer({ options: stopping, validation: data(400, 480) }, async (trainer) => await train(trainer, stopping, { signal }))
    assert.equal(early.stoppedBy, 'early-stopping')
    assert.ok(early.epochs.length < 20)
    const best = Math.min(...early.epochs.map(({ validation }) => Number.isNaN(validation!.loss) ? Infinity : validation!.loss))
    assert.equal(early.epochs[early.restored!]!.validation!.loss, best)
    const timed = optionsOf(adam, 1e-3, { epochs: 100_000, timeBudget: 0.3 })
    const budget = await withTrainer({ options: timed }, async (trainer) => await train(trainer, timed, { signal }))
    assert.equal(budget.stoppedBy, 'time-budget')
    assert.ok(budget.steps > 0)
  })

  test('leaves masked weights zero and counts exactly', async () => {
    const options = optionsOf(adam, 1e-3)
    await withTrainer({ options, pruner: { mask: ({ prunable }, values) => prunable ? values.map((_, index) => index % 10 === 0 ? 1 : 0) : undefined, kinds: { train: {} } } }, (trainer) => {
      trainer.begin(0)
      trainer.steps(0, 10)
      const weights = trainer.weights()
      for (const { key, mask } of trainer.state.weights) {
        if (mask !== undefined) assert.ok(weights.get(key)!.every((value, index) => (value !== 0) === (index % 10 === 0) || index % 10 === 0))
      }
    })
  })

  test('weighs classes as if each of their examples were weighed', async () => {
    const weighted = optionsOf(RULES.sgd, 1e-3, { classWeights: { 3: 5, 7: 0 } })
    const run = async (options: TrainingOptions, weights?: Float32Array) => await withTrainer({ options, data: { ...data(0, 320), ...(weights && { weights }) } }, async (trainer) => await train(trainer, options, { signal }))
    const byClass = await run(weighted)
    const byExample = await run(optionsOf(RULES.sgd, 1e-3), labels.slice(0, 320).map((label) => label === 3 ? 5 : label === 7 ? 0 : 1))
    const plain = await run(optionsOf(RULES.sgd, 1e-3))
    assert.equal(distance(byClass.weights, byExample.weights), 0)
    assert.ok(distance(byClass.weights, plain.weights) > 1e-5)
    await assert.rejects(run(optionsOf(RULES.sgd, 1e-3, { classWeights: { cat: 2 } })), { code: 'invalid-recipe', message: /"cat"/ })
  })

  test('refuses a checkpoint of another run, and one that is damaged', async () => {
    const options = optionsOf(adam, 1e-3, { checkpointEvery: 0 })
    let saved: Uint8Array | null = null
    const keep: Checkpoints = { load: async () => null, async save (bytes) { saved = bytes } }
    await withTrainer({ options }, async (trainer) => await train(trainer, options, { signal, checkpoints: keep }))
    const from = (bytes: Uint8Array): Checkpoints => ({ load: async () => bytes, async save () {} })
    const other = optionsOf(RULES.sgd, 1e-3)
    await withTrainer({ options: other }, async (trainer) => {
      await assert.rejects(train(trainer, other, { signal, checkpoints: from(saved!) }), { code: 'invalid-request', message: /of another run/ })
      for (const bytes of [saved!.subarray(0, 10), saved!.subarray(0, 100), saved!.subarray(0, saved!.length - 1), new Uint8Array([...saved!, 0])]) {
        await assert.rejects(train(trainer, other, { signal, checkpoints: from(bytes) }), { code: 'invalid-request' })
      }
    })
  })

  test('with a loss that does not fit says so', async () => {
    await assert.rejects(withTrainer({ options: optionsOf(adam, 1e-3, { loss: 'mean-squared-error' }) }, () => {}), { code: 'invalid-recipe', message: /targets of shape \[10\]/ })
    await assert.rejects(withTrainer({ options: optionsOf(adam, 1e-3, { loss: 'mse' }) }, () => {}), { code: 'invalid-recipe', message: /"mse" is not known/ })
  })
})
