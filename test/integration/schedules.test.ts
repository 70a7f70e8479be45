/** Learning rates in the graph are those of the reports; a schedule that cannot be is refused before the first step. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import fc from 'fast-check'
import type { ScheduleOptions } from '../../src/engine/train/options.ts'
import { createSchedule, resolveSteps, scheduledRates } from '../../src/engine/train/schedules/index.ts'

const TOTAL = 20_000

const size = fc.oneof(fc.integer({ min: 1, max: TOTAL }), fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%`))
const share = fc.double({ min: 0, max: 1, noNaN: true })
const schedules: fc.Arbitrary<ScheduleOptions> = fc.oneof(
  fc.constant({ type: 'constant' as const }),
  fc.record({ type: fc.constantFrom('exponential' as const, 'inverse-time' as const), decaySteps: size, decayRate: fc.double({ min: 0.1, max: 1, noNaN: true }), staircase: fc.boolean() }),
  fc.record({ type: fc.constant('polynomial' as const), decaySteps: size, end: share, power: fc.constantFrom(1, 2, 3), cycle: fc.boolean() }),
  fc.array(fc.integer({ min: 0, max: TOTAL }), { maxLength: 4 }).chain((boundaries) => fc.record({
    type: fc.constant('piecewise' as const),
    boundaries: fc.constant(boundaries.toSorted((a, b) => a - b)),
    values: fc.array(share, { minLength: boundaries.length + 1, maxLength: boundaries.length + 1 }),
  })),
  fc.record({ type: fc.constant('cosine' as const), decaySteps: size, alpha: share, warmupSteps: fc.integer({ min: 0, max: TOTAL }), warmupTarget: fc.option(share) }),
  fc.record({ type: fc.constant('cosine-restarts' as const), firstDecaySteps: size, tMul: fc.constantFrom(1, 2, 3), mMul: fc.constantFrom(1, 0.5, 0.9), alpha: share })
)

describe('learning rates', () => {
  test('in the graph and as numbers are the same', () => {
    fc.assert(fc.property(schedules, share, fc.array(fc.integer({ min: 0, max: TOTAL }), { minLength: 1, maxLength: 8 }), (options, rate, steps) => {
      const [inGraph, asNumbers] = [createSchedule(options, rate, TOTAL), scheduledRates(options, rate, TOTAL)]
      for (const step of steps) {
        const actual = tf.tidy(() => inGraph(tf.scalar(step)).dataSync()[0]!)
        assert.ok(Math.abs(actual - asNumbers(step)) <= 5e-4, `step ${step}: ${actual} in the graph, ${asNumbers(step)} as a number`)
      }
    }), { numRuns: 300 })
  })

  test('as numbers are those of Keras', () => {
    const { schedules: expected } = JSON.parse(readFileSync(new URL('../fixtures/optimizers/optimizers.json', import.meta.url), 'utf8')) as { schedules: Record<string, number[]> }
    const same = (name: string, options: ScheduleOptions, rate: number) => {
      const rates = scheduledRates(options, rate, 50)
      expected[name]!.forEach((value, step) => { assert.ok(Math.abs(rates(step) - value) < 1e-7, `${name}, step ${step}: ${rates(step)}, Keras has ${value}`) })
    }
    same('piecewise', { type: 'piecewise', boundaries: [10, '40%'], values: [0.1, 0.05, 0.01] }, 0.1)
    same('cosine warmup', { type: 'cosine', decaySteps: '60%', alpha: 0.05, warmupSteps: 10, warmupTarget: 0.2 }, 0)
    same('cosine-restarts', { type: 'cosine-restarts', firstDecaySteps: 10, tMul: 2, mMul: 0.8, alpha: 0.1 }, 0.1)
    same('polynomial cycle', { type: 'polynomial', decaySteps: 20, end: 0.01, power: 0.5, cycle: true }, 0.1)
  })

  test('begin anew exactly where a period ends', () => {
    for (const tMul of [1, 2, 3, 4, 10]) {
      const options = { type: 'cosine-restarts', firstDecaySteps: 7, tMul, mMul: 1, alpha: 0 } as const
      const [inGraph, asNumbers] = [createSchedule(options, 1, 1), scheduledRates(options, 1, 1)]
      for (let end = 7, length = 7; end < 50_000; length *= tMul, end += length) {
        const at = (step: number) => [tf.tidy(() => inGraph(tf.scalar(step)).dataSync()[0]!), asNumbers(step)]
        for (const rate of at(end)) assert.ok(rate > 0.999, `tMul ${tMul}, step ${end}: ${rate}`)
        for (const rate of at(end - 1)) assert.ok(rate < 0.1, `tMul ${tMul}, step ${end - 1}: ${rate}`)
        if (tMul === 1 && end > 700) break
      }
    }
  })
})

describe('what cannot be a schedule is refused', () => {
  const refused = (options: ScheduleOptions, message: RegExp) => { assert.throws(() => createSchedule(options, 1, 50), { code: 'invalid-recipe', message }) }

  test('sizes', () => {
    for (const decaySteps of ['soon', '-5%', '40', 'NaN%', '', -1, NaN, Infinity]) refused({ type: 'exponential', decaySteps, decayRate: 1, staircase: false }, /is not a number of steps/)
    for (const decaySteps of ['0%', '0.9%', 0]) refused({ type: 'polynomial', decaySteps, end: 0, power: 1, cycle: true }, /comes to no step/)
    assert.equal(resolveSteps('12.5%', 80), 10)
    assert.equal(resolveSteps(0, 80), 0)
  })

  test('values without boundaries, periods that get shorter', () => {
    refused({ type: 'piecewise', boundaries: [1, 2], values: [0.1, 0.2] }, /2 boundaries takes 3 values, 2 are given/)
    refused({ type: 'cosine-restarts', firstDecaySteps: 10, tMul: 0.5, mMul: 1, alpha: 0 }, /tMul is 0.5/)
  })
})
