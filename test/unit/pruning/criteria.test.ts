/** Every criterion against its formula, computed by hand, and what all of them have in common. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Grouping } from '../../../src/pruning/granularity/index.ts'
import { CRITERIA, CRITERION_NAMES, type Criterion, type CriterionName, type Observed } from '../../../src/pruning/criteria/index.ts'

const WEIGHTS = Float32Array.of(0.5, -2, 0, 1)
const OBSERVED: Observed = {
  inputs: Float32Array.of(4, 1, 3, 0),
  gradients: Float32Array.of(-1, 0.25, 7, 2),
  squaredGradients: Float32Array.of(2, 0.5, 100, 4),
  flow: Float32Array.of(3, 2, 9, 0),
}

function scoresOf (name: CriterionName, weights = WEIGHTS, seed = 1, place = 0): number[] {
  return [...(CRITERIA[name] as Criterion).score(weights, { observed: OBSERVED, seed, place, grouping: null })].map(Math.abs)
}

const BY_HAND: Readonly<Partial<Record<CriterionName, number[]>>> = {
  magnitude: [0.5, 2, 0, 1],
  l2: [0.5, 2, 0, 1],
  gradient: [1, 0.25, 0, 2],
  snip: [0.5, 0.5, 0, 2],
  taylor: [0.25, 0.25, 0, 4],
  fisher: [0.25, 1, 0, 2],
  wanda: [2, 2, 0, 0],
  // What nothing flows through goes after what is not there.
  synflow: [1.5, 4, 0, 2 ** -149],
}

/** Three channels of two weights, side by side. */
const PAIRS: Grouping = { groups: 3, of: Int32Array.of(0, 1, 2, 0, 1, 2), sizes: Int32Array.of(2, 2, 2) }
const CHANNELS = Float32Array.of(3, 0, 0, 4, 0, 1)
const OF_CHANNELS: Observed = {
  unitProducts: Float32Array.of(4, 9, 1),
  scales: Float32Array.of(-0.5, 3, 0.25),
  zeroActivations: Float32Array.of(0.25, 0, 1),
  meanActivations: Float32Array.of(2, 5, 3),
  companions: [{ values: Float32Array.of(-8, 1, 2), of: (element) => element }],
}

/** The second channel is gone already. */
const CHANNELS_BY_HAND: Readonly<Partial<Record<CriterionName, number[]>>> = {
  taylor: [4, 0, 1],
  'bn-scale': [0.5, 0, 0.25],
  fpgm: [5 + Math.sqrt(18), 0, 1 + Math.sqrt(18)],
  apoz: [0.75, 0, 0],
  'mean-activation': [2, 0, 3],
  'group-l1': [5, 0, 1],
  'group-l2': [Math.sqrt(89 / 3), 0, Math.sqrt(5 / 3)],
}

describe('criteria', () => {
  for (const [name, scores] of Object.entries(BY_HAND)) {
    test(name, () => { assert.deepEqual(scoresOf(name as CriterionName), scores) })
  }

  for (const [name, scores] of Object.entries(CHANNELS_BY_HAND)) {
    test(`${name} of channels`, () => {
      const found = (CRITERIA[name as CriterionName] as Criterion).score(CHANNELS, { observed: OF_CHANNELS, seed: 1, place: 0, grouping: PAIRS })
      assert.deepEqual([...found], [...scores, ...scores].map(Math.fround))
    })
  }

  test('every criterion is computed by hand', () => {
    assert.deepEqual(CRITERION_NAMES.filter((name) => name !== 'random' && BY_HAND[name] === undefined && CHANNELS_BY_HAND[name] === undefined), [])
  })

  test('random: uniform, the same for the same seed, another for another seed or tensor, and zeros go first', () => {
    const weights = new Float32Array(20_000).fill(1)
    const scores = scoresOf('random', weights)
    assert.deepEqual(scores, scoresOf('random', weights))
    for (const other of [scoresOf('random', weights, 2), scoresOf('random', weights, 1, 1)]) assert.ok(scores.filter((score, at) => score === other[at]).length < 5)
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
    // Ten standard deviations of the mean of uniform numbers.
    assert.ok(Math.abs(mean - 0.5) < 10 * Math.sqrt(1 / 12 / scores.length), `mean ${mean}`)
    const some = scoresOf('random')
    assert.equal(some[2], 0)
    assert.ok(some.every((score, at) => at === 2 || score > 0))
  })

  test('weights are not changed, and those that are zero have no more than any other', () => {
    for (const name of CRITERION_NAMES.filter((one) => (CRITERIA[one] as Criterion).granularities === undefined)) {
      const weights = WEIGHTS.slice()
      const scores = scoresOf(name, weights)
      assert.deepEqual(weights, WEIGHTS, name)
      assert.equal(scores[2], Math.min(...scores), name)
    }
  })
})
