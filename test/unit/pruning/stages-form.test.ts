/** The settings of the stages low-rank and fold: defaults, and mistakes with their paths. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { parseRecipe } from '../../../src/pruning/recipe.ts'
import { learningOf, learns, missingData } from '../../../src/pruning/recipe-needs.ts'

function errorsOf (stage: object): Record<string, string> {
  try {
    parseRecipe({ method: 'chain', stages: [stage] })
  } catch (error) {
    assert.ok(error instanceof EspalierError && error.code === 'invalid-recipe', String(error))
    return Object.fromEntries((error.details!.errors as Array<{ path: string, message: string }>).map(({ path, message }) => [path, message]))
  }
  return {}
}

const read = (stage: object) => parseRecipe({ method: 'chain', stages: [stage] })

describe('the stages low-rank and fold', () => {
  test('have every default filled in', () => {
    assert.deepEqual(read({ stage: 'low-rank' }).stages[0], { stage: 'low-rank', energy: 0.9, layers: ['**'] })
    assert.deepEqual(read({ stage: 'low-rank', macs: 0.5, layers: ['dense*'] }).stages[0], { stage: 'low-rank', macs: 0.5, layers: ['dense*'] })
    assert.deepEqual(read({ stage: 'low-rank', maxAccuracyDrop: 0.01, search: { attempts: 3 } }).stages[0],
      { stage: 'low-rank', maxAccuracyDrop: 0.01, layers: ['**'], search: { attempts: 3, low: 0.02, high: 0.99, examples: 5000 } })
    assert.deepEqual(read({ stage: 'fold' }).stages[0], { stage: 'fold', dead: true })
  })

  test('mistakes are named with their paths', () => {
    assert.match(errorsOf({ stage: 'low-rank', energy: 0.9, macs: 0.5 })['/stages/0/macs']!, /stands beside "energy"/)
    assert.match(errorsOf({ stage: 'low-rank', energy: 1.1 })['/stages/0/energy']!, /at most 1/)
    assert.match(errorsOf({ stage: 'low-rank', macs: 1 })['/stages/0/macs']!, /less than 1/)
    assert.match(errorsOf({ stage: 'low-rank', search: { attempts: 3 } })['/stages/0/search']!, /is taken with "maxAccuracyDrop"/)
    assert.match(errorsOf({ stage: 'low-rank', maxAccuracyDrop: 0.1, search: { low: 0.9, high: 0.5 } })['/stages/0/search/low']!, /must be below "high"/)
    assert.match(errorsOf({ stage: 'low-rank', rank: 3 })['/stages/0/rank']!, /unknown key/)
    assert.match(errorsOf({ stage: 'fold', dead: 1 })['/stages/0/dead']!, /true or false|boolean/)
  })

  test('only a search by accuracy looks at data', () => {
    assert.equal(learns(read({ stage: 'low-rank' })), false)
    assert.equal(learns(read({ stage: 'fold' })), false)
    const searched = read({ stage: 'low-rank', maxAccuracyDrop: 0.01 })
    assert.equal(learns(searched), true)
    assert.equal(learningOf(searched).search!.examples, 5000)
    assert.match(missingData(searched, { dataset: false, evaluationDataset: false })!, /searches its ranks by accuracy: name a data set/)
  })
})
