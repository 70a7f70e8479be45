/** Recipes of the method structured: defaults, and every mistake with its path and what would be right. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { METHOD_OPTIONS, OPTION_DEFAULTS } from '../../../src/pruning/method-options.ts'
import { METHOD_RULES } from '../../../src/pruning/method-rules.ts'
import { parseRecipe } from '../../../src/pruning/recipe.ts'

const target = { channels: 0.5 }

function errorsOf (input: object): Record<string, string> {
  try {
    parseRecipe({ method: 'structured', ...input })
  } catch (error) {
    assert.ok(error instanceof EspalierError && error.code === 'invalid-recipe', String(error))
    return Object.fromEntries((error.details.errors as Array<{ path: string, message: string }>).map(({ path, message }) => [path, message]))
  }
  assert.fail('the recipe was taken')
}

test('fills in every default', () => {
  const { criterion, scope, options, granularity, batchNorm, search, calibration, training } = parseRecipe({ method: 'structured', target })
  assert.deepEqual([criterion, scope, options, granularity, batchNorm], ['group-l2', 'global', { reduce: 'mean', normalize: 'mean', minChannels: 1, roundTo: 1 }, { type: 'channel' }, 'keep'])
  assert.deepEqual([search, calibration, training], [undefined, undefined, undefined])
  assert.deepEqual(parseRecipe({ method: 'structured', target: { latency: 0.5 } }).search, { attempts: 10, low: 0, high: 0.999 })
  assert.deepEqual(parseRecipe({ method: 'structured', target: { maxAccuracyDrop: 0.01 }, criterion: 'taylor' }).calibration, { examples: 1024, batchSize: 128, loss: 'auto' })
  assert.deepEqual(Object.keys(METHOD_OPTIONS.structured.properties), Object.keys(OPTION_DEFAULTS.structured))
})

test('with training, moving statistics are kept or taken anew over calibration data', () => {
  const iterative = (input: object) => parseRecipe({ method: 'structured-iterative', target, ...input })
  assert.deepEqual([iterative({}).batchNorm, iterative({}).calibration], ['keep', undefined])
  const { batchNorm, calibration } = iterative({ batchNorm: 'recalibrate', calibration: { examples: 5 } })
  assert.deepEqual([batchNorm, calibration], ['recalibrate', { examples: 5, batchSize: 128, loss: 'auto' }])
  assert.match(errorsOf({ method: 'structured-iterative', target, batchNorm: 'forget' })['/batchNorm']!, /must be "keep" or "recalibrate"/)
})

test('every target that the method names is taken, with a value in its range', () => {
  for (const name of METHOD_RULES.structured.targets) assert.ok(name in parseRecipe({ method: 'structured', target: { [name]: name === 'bytes' ? 1000 : 0.5 } }).target!, name)
})

test('a target says what would be right', () => {
  assert.match(errorsOf({})['/target']!, /is needed: the method structured takes \{"channels": number\} or \{"params": number\}/)
  assert.match(errorsOf({ target: { sparsity: 0.5 } })['/target/sparsity']!, /which takes "channels" or .*; a share of the channels is \{"channels": 0\.5\}$/)
  assert.match(errorsOf({ target: { threshold: 0.1 } })['/target/threshold']!, /or "minAccuracy"$/)
  assert.match(errorsOf({ target: { channels: 50 } })['/target/channels']!, /must be less than 1, not 50 \(share of the channels that go, in \(0, 1\): 0\.5 is half of them\)/)
  assert.match(errorsOf({ target: { channels: 0 } })['/target/channels']!, /must be more than 0/)
  assert.match(errorsOf({ target: { latency: 1 } })['/target/latency']!, /must be less than 1, .*0\.5 is twice as fast/)
  assert.match(errorsOf({ target: { macs: 1.5 } })['/target/macs']!, /give a whole number, or a share below 1/)
  assert.match(errorsOf({ target: { channels: 0.5, as: 'gzip' } })['/target/as']!, /goes with "bytes", not with "channels"/)
  assert.match(errorsOf({ target: { channels: 0.5, macs: 0.5 } })['/target']!, /must have one of .*, not channels and macs/)
  assert.match(errorsOf({ method: 'magnitude', target })['/target/channels']!, /; it is for methods that take channels out: structured/)
})

test('what goes with other methods only says why it does not go with this one', () => {
  assert.match(errorsOf({ target, granularity: { type: 'channel' } })['/granularity']!, /is not taken by the method structured: whole channels go, leave it out/)
  assert.match(errorsOf({ target, optimizerState: 'keep' })['/optimizerState']!, /has the shapes that the weights had before, so it is dropped/)
  assert.match(errorsOf({ target, training: {} })['/training']!, /train the smaller model with the method fine-tune/)
  assert.match(errorsOf({ target, scope: 'lamp' })['/scope']!, /which takes "global", "layer"/)
  assert.match(errorsOf({ target, criterion: 'synflow' })['/criterion']!, /which takes "group-l2", "magnitude"/)
  assert.match(errorsOf({ target, calibration: { examples: 8 } })['/calibration']!, /^is for what looks at data: criteria that do or "batchNorm": "recalibrate"$/)
  assert.match(errorsOf({ target, search: { attempts: 3 } })['/search']!, /is for a target that is searched for/)
  assert.match(errorsOf({ target: { macs: 0.5 }, search: { attempts: 3 } })['/search']!, /is not needed for "macs", which is counted/)
  assert.match(errorsOf({ target, layers: [{ match: 'a', threshold: 1 }] })['/layers/0/threshold']!, /which takes "sparsity"/)
})

test('options name the nearest known one and their range', () => {
  assert.match(errorsOf({ target, options: { min_channels: 2 } })['/options/min_channels']!, /did you mean "minChannels"/)
  assert.match(errorsOf({ target, options: { minChannels: 0 } })['/options/minChannels']!, /at least 1, not 0 \(channels that stay in every group at least\)/)
  assert.match(errorsOf({ target, options: { roundTo: 2.5 } })['/options/roundTo']!, /must be an integer/)
  assert.match(errorsOf({ target, options: { reduce: 'avg' } })['/options/reduce']!, /must be "mean" or "sum" or "max"/)
  assert.match(errorsOf({ target, options: { normalize: 'max' } })['/options/normalize']!, /must be "mean" or "none"/)
})
