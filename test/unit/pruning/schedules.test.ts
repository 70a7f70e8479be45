/** Sparsity schedules: monotone on the way to exactly their target, and step by step what TensorFlow Model Optimization has. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { zerosFor } from '../../../src/pruning/allocation/index.ts'
import { SCHEDULE_OPTIONS, scheduleFor, SCHEDULES, SPARSITY_SCHEDULE_NAMES } from '../../../src/pruning/schedules/index.ts'

interface Peer { type: 'polynomial' | 'constant', initial: number, target: number, begin: number, end: number, power: number, every: number, steps: Array<{ update: boolean, sparsity: number }> }
interface Trained { weights: number, target: number, begin: number, end: number, every: number, zerosAfterStep: number[] }

const peer = JSON.parse(await readFile(new URL('../../fixtures/schedules/tfmot.json', import.meta.url), 'utf8')) as { schedules: Peer[], trained: Trained[] }

for (const { steps, target, ...options } of peer.schedules) {
  test(`${options.type} from ${options.initial} to ${target}: the peer's updates and sparsity at every step`, () => {
    const schedule = scheduleFor(options, steps.length)
    for (const [step, { update, sparsity }] of steps.entries()) {
      // An update at the end is ours alone where the peer's frequency misses it; behind the end nothing changes.
      if (step !== options.end) assert.equal(schedule.isUpdate(step), update, `step ${step}`)
      if (update) assert.ok(Math.abs(schedule.sparsityAt(step, target) - sparsity) < 1e-6, `step ${step}: ${schedule.sparsityAt(step, target)}, the peer has ${sparsity}`)
    }
    assert.equal(schedule.isUpdate(options.end), true)
  })
}

for (const { weights, target, begin, end, every, zerosAfterStep } of peer.trained) {
  test(`the zeros that the peer's mask has in a real run to ${target}`, () => {
    const schedule = scheduleFor({ ...SCHEDULE_OPTIONS, begin, end, every }, zerosAfterStep.length + 2)
    let zeros = 0
    for (const [before, expected] of zerosAfterStep.entries()) {
      // The peer's mask of its step k is there after k steps.
      const step = before + 1
      if (schedule.isUpdate(step)) zeros = zerosFor(schedule.sparsityAt(step, target), weights)
      assert.equal(zeros, expected, `after ${step} steps`)
    }
  })
}

test('every schedule rises from its first sparsity to its target and never falls', () => {
  const share = fc.double({ min: 0, max: 0.999, noNaN: true })
  fc.assert(fc.property(fc.constantFrom(...SPARSITY_SCHEDULE_NAMES), share, share, fc.integer({ min: 1, max: 300 }), fc.double({ min: 0.5, max: 5, noNaN: true }), (type, one, other, steps, power) => {
    const [initial, target] = [Math.min(one, other), Math.max(one, other)]
    const schedule = scheduleFor({ ...SCHEDULE_OPTIONS, type, initial, power, begin: 0, end: steps - 1 }, steps)
    let last = initial
    for (let step = 0; step < steps; step++) {
      const sparsity = schedule.sparsityAt(step, target)
      assert.ok(sparsity >= last - 1e-12 && sparsity <= target + 1e-12, `${type} at ${step}: ${sparsity} after ${last}`)
      last = sparsity
    }
    assert.equal(schedule.sparsityAt(steps - 1, target), target)
  }))
})

test('halfway, each has its own way', () => {
  const halfway = Object.fromEntries(SPARSITY_SCHEDULE_NAMES.map((name) => [name, SCHEDULES[name].at(0.5, 0, 0.75, 3)]))
  assert.deepEqual(halfway, { polynomial: 0.75 * (1 - 0.125), linear: 0.375, cosine: 0.75 / 2, exponential: 0.5, constant: 0.75 })
})

test('shares of the run become steps, and updates are about 25 unless the recipe says how often', () => {
  const schedule = scheduleFor({ ...SCHEDULE_OPTIONS, begin: '10%', end: '60%' }, 10_000)
  assert.deepEqual([schedule.begin, schedule.end, schedule.every], [1000, 6000, 100])
  assert.equal(scheduleFor({ ...SCHEDULE_OPTIONS, end: '100%' }, 50).end, 49)
  const short = scheduleFor({ ...SCHEDULE_OPTIONS }, 1000)
  assert.deepEqual([short.begin, short.end, short.every], [0, 600, 24])
})

test('a schedule that does not fit the run says where', () => {
  assert.throws(() => scheduleFor({ ...SCHEDULE_OPTIONS, end: 100 }, 100), { code: 'invalid-recipe', message: /\/schedule\/end is step 100, but the run has 100 steps/ })
  assert.throws(() => scheduleFor({ ...SCHEDULE_OPTIONS, begin: '80%' }, 100), { code: 'invalid-recipe', message: /\/schedule\/begin comes to step 80, after \/schedule\/end, step 60/ })
})
