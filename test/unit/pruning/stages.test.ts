/** Stages of a recipe: defaults, mistakes with their paths, what they need of data, and orders that would undo something. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { parseRecipe } from '../../../src/pruning/recipe.ts'
import { learningOf, learns, looksInside, missingData } from '../../../src/pruning/recipe-needs.ts'

const BASE = { method: 'magnitude', target: { sparsity: 0.9 } } as const
const NONE = { dataset: false, evaluationDataset: false }

function errorsOf (stages: unknown, base: object = BASE): Record<string, string> {
  try {
    parseRecipe({ ...base, stages })
  } catch (error) {
    assert.ok(error instanceof EspalierError && error.code === 'invalid-recipe', String(error))
    return Object.fromEntries((error.details!.errors as Array<{ path: string, message: string }>).map(({ path, message }) => [path, message]))
  }
  return {}
}

describe('stages of a recipe', () => {
  test('each has every default filled in, as the method has', () => {
    const { stages } = parseRecipe({ ...BASE, stages: [{ stage: 'prune', method: 'one-shot', criterion: 'wanda', target: { sparsity: 0.95 } }, { stage: 'fine-tune', training: { epochs: 1 } }, { stage: 'shrink' }] })
    const [prune, tune, shrink] = stages as unknown as Array<Record<string, unknown>>
    assert.deepEqual(prune, {
      stage: 'prune', method: 'one-shot', criterion: 'wanda', calibration: { examples: 1024, batchSize: 128, loss: 'auto' }, granularity: { type: 'weight' },
      scope: 'global', target: { sparsity: 0.95 }, options: { rounds: 1 }, batchNorm: 'keep', layers: [],
    })
    assert.equal((tune!.training as { epochs: number }).epochs, 1)
    assert.equal((tune!.training as { keepZeros: boolean }).keepZeros, true)
    assert.deepEqual(shrink, { stage: 'shrink' })
  })

  test('mistakes are named with their paths', () => {
    assert.match(errorsOf([{}])['/stages/0/stage']!, /is needed: "prune" or "fine-tune"/)
    assert.match(errorsOf([{ stage: 'prun' }])['/stages/0/stage']!, /did you mean "prune"/)
    assert.match(errorsOf([{ stage: 'shrink', by: 2 }])['/stages/0/by']!, /unknown key/)
    assert.match(errorsOf([{ stage: 'prune', method: 'magnitude', target: { sparsity: 90 } }])['/stages/0/target/sparsity']!, /less than 1/)
    assert.match(errorsOf([{ stage: 'shrink' }, { stage: 'prune', method: 'threshold', target: { sparsity: 0.5 } }])['/stages/1/target/sparsity'] ?? errorsOf([{ stage: 'prune', method: 'threshold', target: { sparsity: 0.5 } }])['/stages/0/target'] ?? '', /threshold/)
    assert.match(errorsOf([{ stage: 'prune', method: 'evaluate' }])['/stages/0/method']!, /must be/)
    assert.match(errorsOf([{ stage: 'prune', method: 'magnitude', target: { sparsity: 0.5 }, seed: 3 }])['/stages/0/seed']!, /unknown key/)
    assert.match(errorsOf([{ stage: 'fine-tune', training: { keepZeros: false } }])['/stages/0/training/keepZeros']!, /zeros of earlier stages stay/)
    assert.match(errorsOf([{ stage: 'fine-tune', training: { from: 'scratch' } }])['/stages/0/training/from']!, /would be lost/)
    assert.match(errorsOf(Array.from({ length: 17 }, () => ({ stage: 'shrink' })))['/stages']!, /at most 16/)
    assert.match(errorsOf([], { method: 'chain' })['/stages']!, /is needed/)
    assert.match(errorsOf([{ stage: 'shrink' }], { method: 'evaluate' })['/stages']!, /is not taken by the method evaluate/)
    assert.deepEqual(errorsOf([{ stage: 'shrink' }], { method: 'chain' }), {})
  })

  test('cluster: defaults, mistakes, and orders that would undo it', () => {
    const [plain, trained] = parseRecipe({ ...BASE, stages: [{ stage: 'cluster' }, { stage: 'cluster', clusters: 4, init: 'optimal', layers: [{ match: 'dense*', clusters: 8 }, { match: 'conv2d', skip: true }], training: { epochs: 2 } }] }).stages as unknown as Array<Record<string, unknown>>
    assert.deepEqual(plain, { stage: 'cluster', clusters: 16, init: 'linear', layers: [], training: null })
    assert.equal((trained!.training as { epochs: number }).epochs, 2)
    assert.deepEqual(trained!.layers, [{ match: 'dense*', clusters: 8 }, { match: 'conv2d', skip: true }])
    assert.match(errorsOf([{ stage: 'cluster', clusters: 1 }])['/stages/0/clusters']!, /at least 2/)
    assert.match(errorsOf([{ stage: 'cluster', clusters: 257 }])['/stages/0/clusters']!, /at most 256/)
    assert.match(errorsOf([{ stage: 'cluster', init: 'lineal' }])['/stages/0/init']!, /did you mean "linear"/)
    assert.match(errorsOf([{ stage: 'cluster', layers: [{ match: 'dense' }] }])['/stages/0/layers/0']!, /says nothing/)
    assert.match(errorsOf([{ stage: 'cluster', layers: [{ match: 'dense', clusters: 4, skip: true }] }])['/stages/0/layers/0']!, /both clusters and skip/)
    assert.match(errorsOf([{ stage: 'cluster', training: { from: 'scratch' } }])['/stages/0/training/from']!, /would be lost/)
    assert.match(errorsOf([{ stage: 'cluster' }, { stage: 'fine-tune' }])['/stages/1']!, /out of their clusters: put fine-tune before cluster/)
    assert.deepEqual(errorsOf([{ stage: 'cluster' }, { stage: 'quantize' }]), {})
    assert.match(errorsOf([{ stage: 'cluster' }, { stage: 'quantize', training: {} }])['/stages/1']!, /put quantize before cluster/)
    assert.equal(learns(parseRecipe({ ...BASE, stages: [{ stage: 'cluster' }] })), false)
    assert.match(missingData(parseRecipe({ ...BASE, stages: [{ stage: 'cluster', training: {} }] }), NONE)!, /the stage cluster trains/)
  })

  test('what they look at is asked for as what the method looks at', () => {
    const tuned = parseRecipe({ ...BASE, stages: [{ stage: 'fine-tune', training: { validation: 0.2 } }] })
    assert.equal(learns(tuned), true)
    assert.equal(looksInside(tuned), true)
    assert.equal(learningOf(tuned).training!.validation, 0.2)
    assert.match(missingData(tuned, NONE)!, /the stage fine-tune trains: name a data set as "dataset"/)
    assert.equal(missingData(tuned, { ...NONE, dataset: true }), undefined)
    const looked = parseRecipe({ method: 'chain', stages: [{ stage: 'prune', method: 'one-shot', criterion: 'wanda', target: { sparsity: 0.5 }, calibration: { examples: 10 } }, { stage: 'prune', method: 'one-shot', criterion: 'taylor', target: { sparsity: 0.6 }, calibration: { examples: 30 } }] })
    assert.equal(learningOf(looked).calibration, 30)
    assert.match(missingData(looked, NONE)!, /the criterion wanda looks at calibration data/)
    assert.equal(learns(parseRecipe({ ...BASE, stages: [{ stage: 'shrink' }] })), false)
  })
})
