/** Recipes: defaults, every mistake with its path, and text within limits. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { TASK_NAMES as ENGINE_TASKS } from '../../../src/engine/metrics/index.ts'
import { EspalierError } from '../../../src/errors.ts'
import { editDistance, nearest } from '../../../src/pruning/nearest.ts'
import { TASK_NAMES } from '../../../src/pruning/recipe-parts.ts'
import { parseRecipe, parseRecipeText } from '../../../src/pruning/recipe.ts'

function errorsOf (input: unknown): Record<string, string> {
  try {
    parseRecipe(input)
  } catch (error) {
    assert.ok(error instanceof EspalierError && error.code === 'invalid-recipe', String(error))
    return Object.fromEntries((error.details.errors as Array<{ path: string, message: string }>).map(({ path, message }) => [path, message]))
  }
  assert.fail('the recipe was taken')
}

const target = { sparsity: 0.9 }

describe('parseRecipe', () => {
  test('a criterion that is no name is told as such, whatever else looks at data', () => {
    for (const criterion of [1.5, Infinity, true, null, [], {}, 'none', '__proto__']) {
      const found = errorsOf({ method: 'one-shot', criterion, target, calibration: { examples: 64 } })
      assert.deepEqual(Object.keys(found), ['/criterion'], JSON.stringify(criterion))
    }
  })

  test('fills in every default', () => {
    assert.deepEqual(parseRecipe({ method: 'magnitude', target }), {
      method: 'magnitude',
      criterion: 'magnitude',
      granularity: { type: 'weight' },
      scope: 'global',
      target: { sparsity: 0.9 },
      batchNorm: 'keep',
      layers: [],
      evaluation: { split: null, batchSize: 256, predictions: 0, latency: true, loss: 'auto', task: 'auto' },
      inputs: null,
      output: null,
      compress: true,
      optimizerState: 'drop',
      shrink: false,
      seed: 1,
      stages: [],
    })
    assert.equal(parseRecipe({ method: 'magnitude', target, evaluation: false }).evaluation, false)
    assert.deepEqual(parseRecipe({ method: 'magnitude', target, inputs: { scale: 2 } }).inputs, { scale: 2, offset: 0 })
    assert.equal(parseRecipe({ method: 'evaluate' }).target, null)
    assert.deepEqual(parseRecipe({ method: 'threshold', target: { threshold: 0 } }).target, { threshold: 0, unit: 'absolute' })
  })

  test('a recipe with its defaults is a recipe, and the same one', () => {
    for (const input of [{ method: 'magnitude', target, layers: [{ match: '*/bias', skip: false }] }, { method: 'threshold', target: { threshold: 0.1 }, output: ['keras', 'tfjs-layers'] }]) {
      const parsed = parseRecipe(input)
      const { criterion, scope, ...recipe } = parsed
      assert.deepEqual(parseRecipe(input.method === 'magnitude' ? { ...recipe, criterion, scope } : recipe), parsed)
    }
  })

  test('unknown keys name the nearest known one, at every level', () => {
    assert.match(errorsOf({ method: 'magnitude', target, layrs: [] })['/layrs']!, /did you mean "layers"/)
    assert.match(errorsOf({ method: 'magnitude', target: { sparsty: 1 } })['/target/sparsty']!, /did you mean "sparsity"/)
    assert.match(errorsOf({ method: 'magnitude', target, layers: [{ mach: 'a', skip: true }] })['/layers/0/mach']!, /did you mean "match"/)
    assert.match(errorsOf({ method: 'magnitude', target, evaluation: { batch_size: 3 } })['/evaluation/batch_size']!, /did you mean "batchSize"/)
    assert.match(errorsOf({ method: 'magnitude', target, xyzxyzxyzxyz: 1 })['/xyzxyzxyzxyz']!, /known are method, criterion/)
    assert.match(errorsOf({ method: 'magnitud', target })['/method']!, /did you mean "magnitude"/)
    assert.match(errorsOf(JSON.parse('{"method": "magnitude", "target": {"sparsity": 0.5}, "__proto__": 1, "a/b~": 2}'))['/a~1b~0']!, /unknown key/)
  })

  test('all problems are told at once', () => {
    assert.deepEqual(Object.keys(errorsOf({ method: 'magnitude', target: { sparsity: 90 }, seed: -1, scope: 'x', stages: [{}], evaluation: 3 })).sort(),
      ['/evaluation', '/scope', '/seed', '/stages/0/stage', '/target/sparsity'])
  })

  test('numbers outside of their range say what would be right', () => {
    assert.match(errorsOf({ method: 'magnitude', target: { sparsity: 90 } })['/target/sparsity']!, /must be less than 1, not 90 .*0\.9 is 90 %/)
    for (const value of [1, -0.1, NaN, '0.9', null]) assert.ok(errorsOf({ method: 'magnitude', target: { sparsity: value } })['/target/sparsity'])
    assert.ok(errorsOf({ method: 'threshold', target: { threshold: -1 } })['/target/threshold'])
  })

  test('what one method takes is no use to another', () => {
    assert.match(errorsOf({ method: 'threshold', target })['/target/sparsity']!, /not taken by the method threshold, which takes "threshold"/)
    assert.match(errorsOf({ method: 'magnitude', target: { threshold: 1 } })['/target/threshold']!, /which takes "sparsity"/)
    assert.match(errorsOf({ method: 'magnitude' })['/target']!, /is needed: the method magnitude takes \{"sparsity": number\} or \{"params": number\}/)
    assert.match(errorsOf({ method: 'magnitude', target: {} })['/target/sparsity']!, /is needed/)
    assert.match(errorsOf({ method: 'threshold', target: { threshold: 1 }, scope: 'layer' })['/scope']!, /not taken by the method threshold/)
    assert.match(errorsOf({ method: 'evaluate', target })['/target']!, /not taken by the method evaluate/)
    assert.match(errorsOf({ method: 'evaluate', evaluation: false })['/evaluation']!, /nothing to do/)
    assert.match(errorsOf({ method: 'magnitude', target, layers: [{ match: 'a', threshold: 1 }] })['/layers/0/threshold']!, /which takes "sparsity"/)
    assert.match(errorsOf({ method: 'magnitude', target, layers: [{ match: 'a' }] })['/layers/0']!, /says nothing/)
    assert.match(errorsOf({ method: 'magnitude', target, layers: [{ match: 'a', skip: true, sparsity: 0.1 }] })['/layers/0/skip']!, /contradicts/)
  })

  test('shrink is for methods that zero weights, and goes without the state of an optimizer', () => {
    for (const input of [{ method: 'slimming', target }, { method: 'threshold', target: { threshold: 0.1 } }, { method: 'fine-tune' }]) {
      assert.equal(parseRecipe(input).shrink, false)
      assert.equal(parseRecipe({ ...input, shrink: true }).shrink, true)
    }
    for (const input of [{ method: 'structured', target: { channels: 0.5 } }, { method: 'evaluate' }]) {
      assert.equal(parseRecipe(input).shrink, undefined)
      assert.match(errorsOf({ ...input, shrink: true })['/shrink']!, /is not taken by the method/)
    }
    assert.match(errorsOf({ method: 'magnitude', target, shrink: true, optimizerState: 'keep' })['/shrink']!, /contradicts "optimizerState": "keep"/)
    assert.equal(parseRecipe({ method: 'magnitude', target, shrink: false, optimizerState: 'keep' }).optimizerState, 'keep')
  })

  test('any JSON value is answered with a recipe or an invalid-recipe', () => {
    const known = fc.constantFrom('method', 'target', 'layers', 'evaluation', 'output', 'stages', 'inputs', 'granularity', 'scope', 'seed')
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(known, fc.oneof(fc.jsonValue(), fc.constantFrom('magnitude', 'threshold', 'evaluate')))), (value) => {
      try {
        parseRecipe(value)
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code === 'invalid-recipe', String(error))
      }
    }), { numRuns: 500 })
  })

  test('the tasks are those of the engine', () => {
    assert.deepEqual([...TASK_NAMES].sort(), ['auto', ...ENGINE_TASKS].sort())
  })
})

describe('parseRecipeText', () => {
  test('JSON and YAML say the same', () => {
    const json = { method: 'magnitude', target: { sparsity: 0.9 }, layers: [{ match: '*/bias', skip: false }] }
    assert.deepEqual(parseRecipeText(JSON.stringify(json)), json)
    assert.deepEqual(parseRecipeText('method: magnitude\ntarget: {sparsity: 0.9} # ninety per cent\nlayers:\n  - match: "*/bias"\n    skip: false\n'), json)
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => assert.deepEqual(parseRecipeText(JSON.stringify(value)), JSON.parse(JSON.stringify(value)))))
  })

  test('mistakes are told with line and column', () => {
    assert.throws(() => parseRecipeText('method: [a'), { code: 'invalid-recipe', message: /line 1, column/ })
    assert.throws(() => parseRecipeText('a: 1\na: 2'), { code: 'invalid-recipe', message: /unique at line 2/ })
    assert.throws(() => parseRecipeText('a: !!js/function x'), { code: 'invalid-recipe' })
  })

  test('small texts do not become large values', () => {
    const laughs = ['a0: &a0 [x, x]', ...Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`)].join('\n')
    assert.throws(() => parseRecipeText(laughs), { code: 'invalid-recipe' })
    assert.throws(() => parseRecipeText('#'.repeat(300_000)), { code: 'invalid-recipe', message: /at most 262144/ })
    for (const text of ['['.repeat(100_000), '{a: '.repeat(50_000), '- '.repeat(100_000), '? '.repeat(100_000), '\n'.repeat(200_000)]) {
      try {
        parseRecipeText(text)
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code === 'invalid-recipe', String(error))
      }
    }
  })

  test('the examples and the complete recipes of the documentation are recipes', async () => {
    for (const name of ['seed-network.yaml', 'magnitude.yaml', 'threshold.json']) parseRecipe(parseRecipeText(await readFile(`examples/${name}`, 'utf8')))
    const page = await readFile('docs/recipe.md', 'utf8')
    const blocks = [...page.matchAll(/```(?:json|yaml)\n([^]*?)```/g)].map((block) => block[1]!)
    assert.ok(blocks.length >= 3)
    for (const block of blocks) parseRecipe(parseRecipeText(block))
  })
})

test('nearest: by edit distance, and silent when nothing is near', () => {
  assert.equal(editDistance('kitten', 'sitting'), 3)
  assert.equal(nearest('treshold', ['sparsity', 'threshold']), 'threshold')
  assert.equal(nearest('qqqqqqqqq', ['sparsity', 'threshold']), undefined)
  fc.assert(fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a))
    assert.ok(editDistance(a, b) <= Math.max(a.length, b.length))
    assert.equal(editDistance(a, b) === 0, a === b)
  }))
})

describe('recipes of methods that prune while they train', () => {
  const problemsOf = (recipe: object): string[] => {
    try {
      parseRecipe(recipe)
      return []
    } catch (error) {
      return ((error as { details: { errors: Array<{ path: string, message: string }> } }).details.errors).map(({ path, message }) => `${path} ${message}`)
    }
  }

  test('defaults are those of the method', () => {
    const { scope, schedule, options, granularity, target, training } = parseRecipe({ method: 'rigl', target: { sparsity: 0.9 } })
    assert.equal(scope, 'erk')
    assert.deepEqual(schedule, { type: 'polynomial', begin: '0%', end: '75%', every: null, initial: 0, power: 3 })
    assert.deepEqual(options, { fraction: 0.3 })
    assert.deepEqual(granularity, { type: 'weight' })
    assert.deepEqual(target, { sparsity: 0.9 })
    assert.equal(training!.validation, 0)
    assert.deepEqual(parseRecipe({ method: 'slimming', target: { sparsity: 0.5 } }).granularity, { type: 'channel' })
    assert.equal(parseRecipe({ method: 'movement', target: { sparsity: 0.5 } }).schedule!.begin, '5%')
    assert.equal('schedule' in parseRecipe({ method: 'lottery', target: { sparsity: 0.5 } }), false)
    assert.deepEqual(parseRecipe({ method: 'gradual', granularity: { type: 'n:m', n: 1, m: 4 } }).target, { sparsity: 0.75 })
    const searched = parseRecipe({ method: 'gradual', target: { maxAccuracyDrop: 0.01 } })
    assert.deepEqual([searched.search, searched.training!.validation], [{ attempts: 8, low: 0.5, high: 0.995 }, 0.1])
    assert.equal(parseRecipe({ method: 'surgery', options: { c: 2 } }).target, null)
    const quick = parseRecipe({ method: 'magnitude', target: { minAccuracy: 0.9 }, scope: 'sensitivity', batchNorm: 'recalibrate' })
    assert.deepEqual([quick.search, quick.calibration, quick.batchNorm], [{ attempts: 10, low: 0, high: 0.999, examples: 5000 }, { examples: 1024, batchSize: 128, loss: 'auto' }, 'recalibrate'])
    const weighed = parseRecipe({ method: 'one-shot', target: { bytes: 1000 } })
    assert.deepEqual([weighed.target, weighed.search], [{ bytes: 1000, as: 'gzip' }, { attempts: 10, low: 0, high: 0.999 }])
    assert.equal(parseRecipe({ method: 'one-shot', target: { bytes: 1000, as: 'sparse' } }).search, undefined)
    assert.deepEqual(parseRecipe({ method: 'surgery', granularity: { type: 'n:m', n: 2, m: 4 }, options: { margin: 0.3 } }).target, { sparsity: 0.5 })
  })

  for (const [recipe, ...expected] of [
    [{ method: 'gradual' }, '/target is needed: the method gradual takes {"sparsity": number} or {"maxAccuracyDrop": number} or {"minAccuracy": number}'],
    [{ method: 'l0' }, '/target is needed: the method l0 takes {"sparsity": number} or {"maxAccuracyDrop": number} or {"minAccuracy": number}, or options.strength'],
    [{ method: 'gradual', target: { threshold: 1 } }, '/target/threshold is not taken by the method gradual, which takes "sparsity" or "maxAccuracyDrop" or "minAccuracy"'],
    [{ method: 'threshold', target: { maxAccuracyDrop: 0.1 } }, '/target/maxAccuracyDrop is not taken by the method threshold, which takes "threshold"'],
    [{ method: 'gradual', target: { params: 1000 } }, '/target/params is not taken by the method gradual, which takes "sparsity" or "maxAccuracyDrop" or "minAccuracy"'],
    [{ method: 'magnitude', target: { bytes: 1000, unit: 'std' } }, '/target/unit goes with "threshold", not with "bytes"'],
    [{ method: 'threshold', target: { threshold: 1, as: 'gzip' } }, '/target/as goes with "bytes", not with "threshold"'],
    [{ method: 'magnitude', target: { params: 1000 }, search: {} }, '/search is not needed for "params", which is counted, not tried'],
    [{ method: 'magnitude', target: { bytes: 1000 }, search: { examples: 5 } }, '/search/examples is for targets of accuracy: "bytes" needs none'],
    [{ method: 'gradual', target: { minAccuracy: 0.9 }, search: { examples: 5 } }, '/search/examples is for methods that do not train: training.validation says how many select'],
    [{ method: 'gradual', target: { sparsity: 0.9 }, scope: 'sensitivity' }, '/scope "sensitivity" is not taken by the method gradual, which takes "global", "layer", "erk", "lamp"'],
    [{ method: 'magnitude', target: { sparsity: 0.9 }, calibration: {} }, '/calibration is for what looks at data: criteria that do, "scope": "sensitivity" or "batchNorm": "recalibrate"'],
    [{ method: 'sparsegpt', target: { maxAccuracyDrop: 0.1 }, granularity: { type: 'n:m', n: 2, m: 4 } }, '/target/maxAccuracyDrop is not searched for with n:m, which leaves n of every group and has one sparsity: leave the target out'],
    [{ method: 'gradual', target: { sparsity: 0.9, maxAccuracyDrop: 0.1 } }, '/target must have one of sparsity, maxAccuracyDrop, minAccuracy, not sparsity and maxAccuracyDrop'],
    [{ method: 'gradual', target: { sparsity: 0.9 }, granularity: { type: 'n:m', n: 2, m: 4 } }, '/target/sparsity is 0.9, but 2:4 makes 0.5 zero at most'],
    [{ method: 'gradual', granularity: { type: 'n:m', n: 4, m: 4 } }, /\/granularity\/n /],
    [{ method: 'variational', target: { sparsity: 0.9 }, granularity: { type: 'channel' } }, '/granularity/type "channel" is not taken by the method variational, which takes "weight"'],
    [{ method: 'threshold', target: { threshold: 0.1 }, granularity: { type: 'channel' } }, '/granularity/type "channel" is not taken by the method threshold, which takes "weight"'],
    [{ method: 'surgery', target: { sparsity: 0.9 }, options: { marign: 0.2 } }, /\/options\/marign .*margin/],
    [{ method: 'rigl', target: { sparsity: 0.9 }, options: { fraction: 2 } }, /\/options\/fraction /],
    [{ method: 'surgery', options: { c: 1 }, layers: [{ match: 'a', sparsity: 0.5 }] }, '/layers/0/sparsity needs a target beside it: without one the method decides how much is pruned, everywhere'],
    [{ method: 'movement', target: { sparsity: 0.9 }, options: { rate: 0.1 } }, '/options/rate is for the mode "soft": hard movement only ranks the scores'],
    [{ method: 'gradual', target: { sparsity: 0.9 }, options: {} }, /\/options is not taken by the method gradual/],
    [{ method: 'lottery', target: { sparsity: 0.9 }, schedule: {} }, /\/schedule is not taken by the method lottery/],
    [{ method: 'gradual', target: { sparsity: 0.9 }, schedule: { type: 'cosine', power: 2 } }, '/schedule/power is for the type "polynomial", not "cosine"'],
    [{ method: 'gradual', target: { sparsity: 0.9 }, schedule: { type: 'constant', initial: 0.2 } }, /\/schedule\/initial /],
    [{ method: 'gradual', target: { sparsity: 0.9 }, search: {} }, '/search is for a target that is searched for: maxAccuracyDrop, minAccuracy, bytes, latency or latencyMs'],
    [{ method: 'gradual', target: { maxAccuracyDrop: 0.1 }, search: { low: 0.9, high: 0.8 } }, '/search/high must be above "low", 0.9'],
    [{ method: 'gradual', target: { maxAccuracyDrop: 0.1 }, training: { validation: 0 } }, /\/training\/validation is 0, but a target of maxAccuracyDrop/],
    [{ method: 'gradual', target: { sparsity: 0.9 }, training: { keep: 'best', validation: 0 } }, /\/training\/keep is "best", but "validation" is 0/],
  ] as ReadonlyArray<readonly [object, ...Array<string | RegExp>]>) {
    test(`refused: ${JSON.stringify(recipe)}`, () => {
      const problems = problemsOf(recipe)
      assert.equal(problems.length, expected.length, problems.join('\n'))
      for (const [index, text] of expected.entries()) {
        if (typeof text === 'string') assert.equal(problems[index], text)
        else assert.match(problems[index]!, text)
      }
    })
  }
})
