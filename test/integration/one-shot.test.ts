/** Pruning at once by every criterion: exact counts, data that is looked at and not reported, and accuracy in the order that is known. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CRITERIA, CRITERION_NAMES, type Criterion, type CriterionName } from '../../src/pruning/criteria/index.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'test/fixtures/models/lenet5.h5'

describe('one-shot', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(2000) })
  after(async () => { await jobs.close() })

  const recipe = (criterion: CriterionName, sparsity: number, more: object = {}): object => ({ method: 'one-shot', criterion, target: { sparsity }, evaluation: { latency: false }, ...more })

  test('every criterion makes exactly the zeros asked, and says what it looked at', async () => {
    for (const criterion of CRITERION_NAMES.filter((name) => (CRITERIA[name] as Criterion).granularities === undefined)) {
      const looks = !['magnitude', 'l2', 'random', 'synflow'].includes(criterion)
      const { receipt } = await jobs.start(criterion, LENET, recipe(criterion, 0.8, looks ? { calibration: { examples: 300 } } : {}), { dataset: jobs.dataset })
      assert.equal(receipt.after.prunableWeights - Math.round(receipt.after.sparsity * receipt.after.prunableWeights), receipt.layers.reduce((sum, { nonzeros }) => sum + nonzeros, 0), criterion)
      assert.equal(Math.round(receipt.after.sparsity * receipt.after.prunableWeights), Math.floor(0.8 * receipt.after.prunableWeights + 0.5), criterion)
      assert.equal(receipt.calibration?.examples, looks ? 300 : undefined, criterion)
      // Of data without parts a fifth is held out where some is looked at.
      assert.equal(receipt.evaluation!.examples, looks ? 400 : 2000, criterion)
      assert.equal(receipt.outputs[0]!.verified, true)
    }
  })

  test('at 90 % what looks at data is better than magnitude, and anything is better than chance', async () => {
    const accuracy = new Map<CriterionName, number>()
    for (const criterion of ['random', 'magnitude', 'wanda', 'taylor', 'fisher'] as const) {
      const { receipt } = await jobs.start(`better-${criterion}`, LENET, recipe(criterion, 0.9, { evaluation: { latency: false, split: 0.5 } }), { dataset: jobs.dataset })
      accuracy.set(criterion, receipt.after.metrics!.accuracy!)
    }
    const told = JSON.stringify([...accuracy])
    assert.ok(accuracy.get('random')! < 0.3, told)
    for (const criterion of ['wanda', 'taylor', 'fisher'] as const) assert.ok(accuracy.get(criterion)! > accuracy.get('magnitude')!, told)
  })

  test('2:4 along the inputs of dense and convolution kernels', async () => {
    const { receipt } = await jobs.start('2to4', LENET, { method: 'one-shot', criterion: 'wanda', granularity: { type: 'n:m', n: 2, m: 4 }, output: ['keras-h5'], evaluation: false }, { dataset: jobs.dataset })
    const weights = await jobs.weights(`${jobs.home}/2to4/model.h5`)
    // [kernel, inputs, outputs]: conv2d has one input channel and is left alone.
    for (const [name, positions, inputs, outputs] of [['conv2d_1/kernel', 25, 20, 50], ['dense_3/kernel', 1, 800, 500], ['dense_4/kernel', 1, 500, 10]] as const) {
      const values = weights.get(name)!
      assert.equal(values.length, positions * inputs * outputs)
      for (let position = 0; position < positions; position++) {
        for (let output = 0; output < outputs; output++) {
          for (let input = 0; input < inputs; input += 4) {
            const kept = [0, 1, 2, 3].filter((at) => values[(position * inputs + input + at) * outputs + output] !== 0)
            assert.ok(kept.length <= 2, `${name} at ${position}, ${input}, ${output}`)
          }
        }
      }
    }
    assert.match(receipt.layers.find(({ name }) => name === 'conv2d')!.skipped!, /1 input channels cannot be parted into groups of 4/)
  })

  test('wanda within outputs: as many inputs of each, along kernel positions too', async () => {
    await jobs.start('outputs', LENET, { method: 'one-shot', criterion: 'wanda', scope: 'output', target: { sparsity: 0.6 }, evaluation: false, calibration: { examples: 200 } }, { dataset: jobs.dataset })
    const weights = await jobs.weights(`${jobs.home}/outputs/model.h5`)
    for (const [name, inputs, outputs] of [['conv2d_1/kernel', 25 * 20, 50], ['dense_3/kernel', 800, 500], ['dense_4/kernel', 500, 10]] as const) {
      const values = weights.get(name)!
      for (let output = 0; output < outputs; output++) {
        const zeros = Array.from({ length: inputs }, (_, input) => values[input * outputs + output]).filter((value) => value === 0).length
        assert.equal(zeros, 0.6 * inputs, `${name}, output ${output}`)
      }
    }
  })

  test('sparsegpt: exact zeros, and better than magnitude with the same number of zeros in every layer', async () => {
    const common = { scope: 'lamp', target: { sparsity: 0.95 }, evaluation: { latency: false, split: 0.5 } }
    const { receipt: plain } = await jobs.start('plain', LENET, { method: 'magnitude', ...common }, { dataset: jobs.dataset })
    const { receipt } = await jobs.start('sparsegpt', LENET, { method: 'sparsegpt', calibration: { examples: 500 }, ...common }, { dataset: jobs.dataset })
    assert.deepEqual(receipt.layers.map(({ name, nonzeros }) => ({ name, nonzeros })), plain.layers.map(({ name, nonzeros }) => ({ name, nonzeros })))
    assert.equal(receipt.calibration!.examples, 500)
    assert.ok(receipt.after.metrics!.accuracy! > plain.after.metrics!.accuracy! + 0.02, `${receipt.after.metrics!.accuracy} after sparsegpt, ${plain.after.metrics!.accuracy} after magnitude`)
  })

  test('sparsegpt: 2:4, and what it cannot look at is left alone', async () => {
    const { receipt } = await jobs.start('sparsegpt-2to4', LENET, { method: 'sparsegpt', granularity: { type: 'n:m', n: 2, m: 4 }, evaluation: false, calibration: { examples: 100 } }, { dataset: jobs.dataset })
    assert.deepEqual(receipt.layers.filter(({ skipped }) => skipped === undefined).map(({ achieved }) => achieved), [0.5, 0.5, 0.5])
    await assert.rejects(jobs.start('none', LENET, { method: 'sparsegpt', granularity: { type: 'n:m', n: 2, m: 4 }, target: { sparsity: 0.4 } }, { dataset: jobs.dataset }), { code: 'invalid-recipe', message: /\/target\/sparsity is 0.4, but 2:4 makes 0.5 zero: leave it out/ })
  })

  test('without a data set a criterion that looks at one is refused', async () => {
    await assert.rejects(jobs.start('none', LENET, recipe('wanda', 0.5, { evaluation: false })), { code: 'invalid-request', message: /the criterion wanda looks at calibration data: name a data set/ })
  })
})
