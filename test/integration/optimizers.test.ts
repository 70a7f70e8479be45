/** Optimizers, schedules, losses and clipping give the numbers of real Keras, one operation at a time and compiled with TensorFlow's fused operations. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { createEagerProgram } from '../../src/engine/compile/eager.ts'
import { createProgram } from '../../src/engine/compile/program.ts'
import { LOSSES, reduceLoss, type Loss, type LossName } from '../../src/engine/train/losses/index.ts'
import { createOptimizer } from '../../src/engine/train/optimizers/index.ts'
import type { OptimizerOptions, OptimizerRule, ScheduleOptions } from '../../src/engine/train/options.ts'
import { createSchedule } from '../../src/engine/train/schedules/index.ts'
import { applyGradients } from '../../src/engine/train/update.ts'

interface Fixture {
  readonly weight: number[][]
  readonly gradients: number[][][]
  readonly optimizers: Record<string, Record<string, number[][]>>
  readonly schedules: Record<string, number[]>
  readonly losses: ReadonlyArray<{ name: LossName, fromLogits: boolean, targets: number[] | number[][], outputs: number[][], values: number[], gradient: number[][] }>
  readonly reduction: { values: number[][], weights: number[], mask: boolean[][], plain: number, weighted: number, masked: number, both: number }
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/optimizers/optimizers.json', import.meta.url), 'utf8')) as Fixture

const adam = { type: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false } as const
const sgd = { type: 'sgd', momentum: 0, nesterov: false } as const
const rmsprop = { type: 'rmsprop', rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false } as const
const constant = { type: 'constant' } as const
const asked = (rule: OptimizerRule, learningRate: number, more: Partial<OptimizerOptions> = {}): OptimizerOptions =>
  ({ ...rule, learningRate, schedule: constant, weightDecay: 0, clip: null, ...more }) as OptimizerOptions

const OPTIMIZERS: Record<string, OptimizerOptions> = {
  sgd: asked(sgd, 0.01),
  'sgd momentum': asked({ ...sgd, momentum: 0.9 }, 0.01),
  'sgd nesterov': asked({ ...sgd, momentum: 0.9, nesterov: true }, 0.01),
  adam: asked(adam, 0.01),
  'adam amsgrad': asked({ ...adam, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, amsgrad: true }, 0.01),
  adamw: asked({ ...adam, type: 'adamw' }, 0.01, { weightDecay: 0.05 }),
  rmsprop: asked(rmsprop, 0.01),
  'rmsprop momentum': asked({ ...rmsprop, rho: 0.8, momentum: 0.7 }, 0.01),
  'rmsprop centered': asked({ ...rmsprop, momentum: 0.5, centered: true }, 0.01),
  adagrad: asked({ type: 'adagrad', initialAccumulator: 0.1, epsilon: 1e-7 }, 0.1),
  'adam value': asked(adam, 0.01, { clip: { value: 0.5 } }),
  'sgd norm': asked(sgd, 0.1, { clip: { norm: 1 } }),
  'sgd global norm': asked(sgd, 0.1, { clip: { globalNorm: 1 } }),
  'adam cosine': asked(adam, 0.1, { schedule: { type: 'cosine', decaySteps: 40, alpha: 0.1, warmupSteps: 0, warmupTarget: null } }),
}

const SCHEDULES: Record<string, [ScheduleOptions, number]> = {
  exponential: [{ type: 'exponential', decaySteps: 7, decayRate: 0.8, staircase: false }, 0.1],
  'exponential staircase': [{ type: 'exponential', decaySteps: '14%', decayRate: 0.8, staircase: true }, 0.1],
  'inverse-time': [{ type: 'inverse-time', decaySteps: 7, decayRate: 0.5, staircase: false }, 0.1],
  polynomial: [{ type: 'polynomial', decaySteps: '40%', end: 0.01, power: 2, cycle: false }, 0.1],
  'polynomial cycle': [{ type: 'polynomial', decaySteps: 20, end: 0.01, power: 0.5, cycle: true }, 0.1],
  piecewise: [{ type: 'piecewise', boundaries: [10, '40%'], values: [0.1, 0.05, 0.01] }, 0.1],
  cosine: [{ type: 'cosine', decaySteps: 40, alpha: 0.1, warmupSteps: 0, warmupTarget: null }, 0.1],
  'cosine warmup': [{ type: 'cosine', decaySteps: 30, alpha: 0.05, warmupSteps: 10, warmupTarget: 0.2 }, 0],
  'cosine-restarts': [{ type: 'cosine-restarts', firstDecaySteps: 10, tMul: 2, mMul: 0.8, alpha: 0.1 }, 0.1],
  'cosine-restarts even': [{ type: 'cosine-restarts', firstDecaySteps: 10, tMul: 1, mMul: 0.9, alpha: 0 }, 0.1],
}

function close (actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length)
  expected.forEach((value, index) => {
    const error = Math.abs(actual[index]! - value) / Math.max(1, Math.abs(value))
    assert.ok(error <= tolerance, `value ${index} is ${actual[index]}, Keras has ${value}`)
  })
}

describe('optimizers after 1, 10 and 50 steps', () => {
  test('every one of Keras\' is among them', () => { assert.deepEqual(Object.keys(OPTIMIZERS), Object.keys(fixture.optimizers)) })
  for (const [name, options] of Object.entries(OPTIMIZERS)) {
    for (const [mode, create] of [['one operation at a time', createEagerProgram], ['compiled', createProgram]] as const) {
      test(`${name}, ${mode}`, () => {
        const optimizer = createOptimizer(options)
        const weight = tf.variable(tf.tensor(fixture.weight))
        const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot.name, tf.variable(tf.fill(weight.shape, slot.initial))]))
        const counter = tf.variable(tf.scalar(0, 'int32'))
        const schedule = createSchedule(options.schedule, options.learningRate, 50)
        const program = create({ weight, counter, ...slots }, {
          step (gradient) {
            applyGradients([{ variable: weight, slots }], [gradient!], { optimizer, schedule, options }, counter)
            return []
          },
        })
        try {
          for (let step = 1; step <= 50; step++) {
            tf.tidy(() => { program.run('step', [tf.tensor(fixture.gradients[step - 1]!)]) })
            const expected = fixture.optimizers[name]![step]
            if (expected !== undefined) tf.tidy(() => { close(program.read(['weight'])[0]!.dataSync(), expected.flat(), 1e-5) })
          }
        } finally {
          program.dispose()
          tf.dispose([weight, counter, Object.values(slots)])
        }
      })
    }
  }
})

describe('learning rates of 50 steps', () => {
  for (const [name, expected] of Object.entries(fixture.schedules)) {
    test(name, () => {
      const [options, rate] = SCHEDULES[name]!
      const schedule = createSchedule(options, rate, 50)
      tf.tidy(() => { close(expected.map((_, step) => schedule(tf.scalar(step)).dataSync()[0]!), expected, 1e-6) })
    })
  }
  test('a share that is none is refused', () => {
    assert.throws(() => createSchedule({ type: 'exponential', decaySteps: 'soon', decayRate: 1, staircase: false }, 1, 50)(tf.scalar(1)), { code: 'invalid-recipe' })
  })
})

describe('losses and their gradients', () => {
  test('every loss is among them', () => { assert.deepEqual([...new Set(fixture.losses.map(({ name }) => name))], Object.keys(LOSSES)) })
  for (const { name, fromLogits, targets, outputs, values, gradient } of fixture.losses) {
    test(`${name}${fromLogits ? ' from logits' : ''}`, () => {
      tf.tidy(() => {
        const loss: Loss = LOSSES[name]
        const y = tf.tensor(targets)
        const run = (x: tf.Tensor) => loss.perExample(y, x, fromLogits)
        close(run(tf.tensor(outputs)).dataSync(), values, 1e-5)
        close(tf.grad((x) => tf.sum(run(x)))(tf.tensor(outputs)).dataSync(), gradient.flat(), 1e-4)
      })
    })
  }
  test('are reduced as Keras reduces them', () => {
    const { values, weights, mask, ...expected } = fixture.reduction
    tf.tidy(() => {
      const [v, w, m] = [tf.tensor(values), tf.tensor(weights), tf.tensor(mask, undefined, 'bool')]
      const got = { plain: reduceLoss(v), weighted: reduceLoss(v, { weights: w }), masked: reduceLoss(v, { mask: m }), both: reduceLoss(v, { weights: w, mask: m }) }
      for (const [key, tensor] of Object.entries(got)) close(tensor.dataSync(), [expected[key as keyof typeof expected]], 1e-6)
    })
  })
})
