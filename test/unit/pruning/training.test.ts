/** The training part of recipes: Keras' defaults, every mistake with its path, and names that the engine has too. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LOSSES } from '../../../src/engine/train/losses/index.ts'
import { TRAIN_METRICS } from '../../../src/engine/train/metrics/index.ts'
import { OPTIMIZERS } from '../../../src/engine/train/optimizers/index.ts'
import { FORMULAS } from '../../../src/engine/train/schedules/formulas.ts'
import { EspalierError } from '../../../src/errors.ts'
import { parseRecipe } from '../../../src/pruning/recipe.ts'
import { LOSS_NAMES, OPTIMIZER_NAMES, SCHEDULE_NAMES, TRAIN_METRIC_NAMES } from '../../../src/pruning/training/names.ts'

function errorsOf (training: unknown, method = 'fine-tune'): Record<string, string> {
  try {
    parseRecipe({ method, training })
  } catch (error) {
    assert.ok(error instanceof EspalierError && error.code === 'invalid-recipe', String(error))
    return Object.fromEntries((error.details.errors as Array<{ path: string, message: string }>).map(({ path, message }) => [path, message]))
  }
  assert.fail('the recipe was taken')
}

function trainingOf (training?: object) {
  return parseRecipe({ method: 'fine-tune', ...(training && { training }) }).training!
}

test('the names are those of the engine', () => {
  assert.deepEqual(LOSS_NAMES.slice(1), Object.keys(LOSSES))
  assert.deepEqual([...TRAIN_METRIC_NAMES], Object.keys(TRAIN_METRICS))
  assert.deepEqual([...OPTIMIZER_NAMES].sort(), Object.keys(OPTIMIZERS).sort())
  assert.deepEqual([...SCHEDULE_NAMES].sort(), Object.keys(FORMULAS).sort())
})

describe('defaults', () => {
  test('all of them', () => {
    assert.deepEqual(trainingOf(), {
      epochs: 5,
      batchSize: 128,
      optimizer: { type: 'adam', learningRate: 0.001, weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false, schedule: { type: 'constant' }, clip: null },
      loss: 'auto',
      metrics: null,
      shuffle: true,
      classWeights: null,
      validation: 0,
      earlyStopping: null,
      timeBudget: null,
      checkpointEvery: 60,
      keepZeros: true,
      from: 'model',
      keep: null,
      distillation: null,
    })
    assert.equal(parseRecipe({ method: 'magnitude', target: { sparsity: 0.5 } }).training, undefined)
  })

  test('of an optimizer by its name, and of a schedule', () => {
    assert.equal(trainingOf({ optimizer: 'adamw' }).optimizer.weightDecay, 0.004)
    assert.equal(trainingOf({ optimizer: 'sgd' }).optimizer.learningRate, 0.01)
    const { optimizer } = trainingOf({ optimizer: { type: 'sgd', momentum: 0.9, schedule: { type: 'cosine', decaySteps: '60%' } } })
    assert.deepEqual(optimizer, {
      type: 'sgd', learningRate: 0.01, weightDecay: 0, momentum: 0.9, nesterov: false, clip: null,
      schedule: { type: 'cosine', decaySteps: '60%', alpha: 0, warmupSteps: 0, warmupTarget: null },
    })
  })

  test('early stopping keeps a tenth apart, unless it watches the training loss', () => {
    assert.equal(trainingOf({ earlyStopping: {} }).validation, 0.1)
    assert.deepEqual(trainingOf({ earlyStopping: { patience: 2 } }).earlyStopping, { monitor: 'val_loss', patience: 2, minDelta: 0, restoreBest: true })
    assert.equal(trainingOf({ earlyStopping: { monitor: 'loss' } }).validation, 0)
    assert.equal(trainingOf({ earlyStopping: {}, validation: 0.3 }).validation, 0.3)
  })

  test('a recipe with its defaults is a recipe, and the same one', () => {
    for (const training of [{}, { optimizer: { type: 'rmsprop', clip: { norm: 1 } }, earlyStopping: { patience: 1 }, classWeights: { 0: 2 } }]) {
      const { training: complete } = parseRecipe({ method: 'fine-tune', training })
      assert.deepEqual(parseRecipe({ method: 'fine-tune', training: complete }).training, complete)
    }
  })
})

describe('mistakes', () => {
  test('unknown keys and words name the nearest, within the optimizer that is meant', () => {
    assert.match(errorsOf({ epoch: 3 })['/training/epoch']!, /did you mean "epochs"/)
    assert.match(errorsOf({ optimizer: { type: 'sgd', momentun: 0.9 } })['/training/optimizer/momentun']!, /did you mean "momentum"/)
    assert.match(errorsOf({ optimizer: { type: 'adam', momentum: 0.9 } })['/training/optimizer/momentum']!, /known are type, learningRate, schedule, weightDecay, clip, beta1/)
    assert.match(errorsOf({ optimizer: { type: 'adan' } })['/training/optimizer/type']!, /did you mean "adam"/)
    assert.match(errorsOf({ optimizer: 'rmsporp' })['/training/optimizer']!, /did you mean "rmsprop"/)
    assert.match(errorsOf({ optimizer: { learningRate: 1 } })['/training/optimizer/type']!, /is needed: "sgd" or "adam"/)
    assert.match(errorsOf({ loss: 'mse' })['/training/loss']!, /mean-squared-error/)
    assert.match(errorsOf({ metrics: ['acuracy'] })['/training/metrics/0']!, /did you mean "accuracy"/)
  })

  test('ranges, sizes in steps and class indices', () => {
    assert.match(errorsOf({ epochs: 0 })['/training/epochs']!, /at least 1/)
    assert.match(errorsOf({ optimizer: { type: 'sgd', learningRate: 0 } })['/training/optimizer/learningRate']!, /more than 0/)
    assert.match(errorsOf({ optimizer: { type: 'sgd', momentum: 1 } })['/training/optimizer/momentum']!, /less than 1/)
    assert.match(errorsOf({ optimizer: { type: 'sgd', schedule: { type: 'cosine' } } })['/training/optimizer/schedule/decaySteps']!, /is needed/)
    assert.match(errorsOf({ optimizer: { type: 'sgd', schedule: { type: 'cosine', decaySteps: '40' } } })['/training/optimizer/schedule/decaySteps']!, /"40%"/)
    assert.match(errorsOf({ classWeights: { cat: 1 } })['/training/classWeights/cat']!, /no class index/)
    assert.match(errorsOf({ classWeights: { 0: -1 } })['/training/classWeights/0']!, /at least 0/)
  })

  test('what is right alone and wrong together', () => {
    assert.match(errorsOf({ optimizer: { type: 'sgd', clip: { norm: 1, value: 2 } } })['/training/optimizer/clip']!, /one of value, norm, globalNorm, not norm and value/)
    assert.match(errorsOf({ optimizer: { type: 'sgd', clip: {} } })['/training/optimizer/clip']!, /not none/)
    assert.match(errorsOf({ validation: 0, earlyStopping: {} })['/training/earlyStopping/monitor']!, /"validation" is 0/)
    assert.match(errorsOf({ optimizer: { type: 'sgd', schedule: { type: 'piecewise', boundaries: [10], values: [1] } } })['/training/optimizer/schedule/values']!, /must have 2 items/)
  })

  test('methods that do not train take no training', () => {
    assert.match(errorsOf({ epochs: 3 }, 'evaluate')['/training']!, /not taken by the method evaluate/)
  })
})
