/** The catalogue: methods with what they take, targets with how they are met, options with their defaults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CATALOGUE } from '../../../src/http/catalogue.ts'
import { problemsOf, type CheckedSchema } from '../../../src/pruning/validate.ts'

const entry = (table: string, name: string): Record<string, unknown> => CATALOGUE[table]!.find((one) => one.name === name) ?? assert.fail(`${table} has no ${name}`)

test('a method says whether it takes channels out, and what goes with it', () => {
  const { reshapes, trains, targets, scopes, criteria, granularities, parameters } = entry('methods', 'structured')
  assert.deepEqual([reshapes, trains, scopes, granularities], [true, false, ['global', 'layer'], ['channel']])
  assert.deepEqual((targets as string[]).slice(0, 2), ['channels', 'params'])
  assert.equal((criteria as string[])[0], 'group-l2')
  const { options, ...others } = parameters as Record<string, { properties: Record<string, { description: string }>, default: object }>
  assert.deepEqual(options!.default, { reduce: 'mean', normalize: 'mean', minChannels: 1, roundTo: 1 })
  for (const option of Object.values(options!.properties)) assert.ok(option.description.length > 0)
  for (const key of ['granularity', 'optimizerState', 'training']) assert.ok(!(key in others), key)
  assert.equal(entry('methods', 'magnitude').reshapes, false)
})

test('whatever a method names stands in its table', () => {
  for (const { name, targets, scopes = [], criteria = [], granularities } of CATALOGUE.methods as unknown as Array<Record<string, string[]> & { name: string }>) {
    for (const [table, names] of Object.entries({ targets, scopes, criteria, granularities })) for (const one of names!) assert.ok(CATALOGUE[table]!.some((line) => line.name === one), `${name}: ${table} ${one}`)
  }
})

test('a criterion and a scope say what they rank, and whether they look at data', () => {
  const told = (table: string, name: string) => [entry(table, name)['needsData'], entry(table, name)['granularities']]
  assert.deepEqual([told('criteria', 'magnitude'), told('criteria', 'wanda'), told('criteria', 'apoz')], [[false, undefined], [true, undefined], [true, ['channel']]])
  assert.deepEqual([told('scopes', 'global'), told('scopes', 'sensitivity'), told('scopes', 'output')], [[false, undefined], [true, undefined], [false, ['weight']]])
  assert.deepEqual(entry('methods', 'gradual')['scopes'], ['global', 'layer', 'erk', 'lamp'])
  assert.equal(entry('methods', 'threshold')['scopes'], undefined)
})

test('a target says how it is met, and its schema checks it', () => {
  assert.deepEqual(['channels', 'macs', 'latency', 'minAccuracy'].map((name) => entry('targets', name).search), [undefined, 'size', 'latency', 'accuracy'])
  const { schema } = entry('targets', 'channels')
  assert.deepEqual([0.5, 0, 1].map((value) => problemsOf(schema as CheckedSchema, value).length), [0, 1, 1])
  for (const { description } of CATALOGUE.targets!) assert.ok(description.length > 0)
})

test('a rule that picks the best point of a sweep says what it takes', () => {
  assert.deepEqual(CATALOGUE.picks!.map(({ name }) => name), ['knee', 'smallest', 'best'])
  const examples = { knee: { knee: 'macs' }, smallest: { smallest: 'bytes', maxAccuracyDrop: 0.01 }, best: { best: 'accuracy', within: { bytes: 500_000 } } }
  for (const [name, rule] of Object.entries(examples)) {
    const { schema, description } = entry('picks', name)
    assert.ok(String(description).includes(JSON.stringify(rule).slice(1, 8)), name)
    assert.deepEqual([rule, {}, { ...rule, most: 1 }].map((value) => problemsOf(schema as CheckedSchema, value).length > 0), [false, true, true], name)
  }
})
