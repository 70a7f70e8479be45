/** The table of granularities: their settings, and what they make of every prunable tensor of the fixtures. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import { GRANULARITIES, GRANULARITY_NAMES, GranularityInput, groupingOf, problemsOfGranularity, type GranularityOptions, type GroupedTensor } from '../../../src/pruning/granularity/index.ts'
import { problemsOf, type CheckedSchema } from '../../../src/pruning/validate.ts'
import { readCases } from '../../fixtures/layers/cases.ts'
import { modelOf } from '../models/formats-helpers.ts'
import { assertPartition, dense } from './granularity-helpers.ts'

const TWO_OF_FOUR = { type: 'n:m', n: 2, m: 4 } as const
const CHANNEL = { type: 'channel' } as const

test('single weights need no groups', () => assert.equal(groupingOf(dense(4, 3), { type: 'weight' }), null))

describe('settings', () => {
  const problems = (input: unknown) => [...problemsOf(GranularityInput as unknown as CheckedSchema, input, '/granularity'), ...problemsOfGranularity(input, '/granularity')]

  test('each granularity is let through and has a description', () => {
    const right: GranularityOptions[] = [{ type: 'weight' }, TWO_OF_FOUR, { type: 'n:m', n: 31, m: 32 }, { type: 'block', rows: 256, columns: 1 }, { type: 'row' }, { type: 'column' }, CHANNEL]
    assert.deepEqual(right.flatMap(problems), [])
    assert.deepEqual(new Set(right.map(({ type }) => type)), new Set(GRANULARITY_NAMES))
    for (const name of GRANULARITY_NAMES) assert.ok(GRANULARITIES[name].description.length > 0)
  })

  test('what is wrong is told once, with its path', () => {
    const wrong: Array<[unknown, string, RegExp]> = [
      [{ type: 'n:m', n: 4, m: 4 }, '/granularity/n', /must be below "m", 4, not 4/],
      [{ type: 'n:m', n: 0, m: 4 }, '/granularity/n', /at least 1/],
      [{ type: 'n:m', n: 2, m: 64 }, '/granularity/m', /at most 32/],
      [{ type: 'n:m', n: 2 }, '/granularity/m', /is needed/],
      [{ type: 'block', rows: 1.5, columns: 4 }, '/granularity/rows', /integer/],
      [{ type: 'block', rows: 1, columns: 257 }, '/granularity/columns', /at most 256/],
      [{ type: 'chanel' }, '/granularity/type', /did you mean "channel"/],
      [{ type: 'channel', m: 4 }, '/granularity/m', /unknown key/],
      [{ n: 2, m: 4 }, '/granularity/type', /is needed/],
      ['channel', '/granularity', /must be/],
    ]
    for (const [input, path, message] of wrong) {
      const found = problems(input)
      assert.equal(found.length, 1, JSON.stringify(input))
      assert.equal(found[0]!.path, path)
      assert.match(found[0]!.message, message)
    }
  })
})

describe('every prunable tensor of the fixtures falls into groups or is refused', () => {
  const ALL: GranularityOptions[] = [TWO_OF_FOUR, { type: 'n:m', n: 1, m: 2 }, { type: 'block', rows: 2, columns: 3 }, { type: 'row' }, { type: 'column' }, CHANNEL]

  function check (one: GroupedTensor): void {
    for (const options of ALL) {
      const grouping = groupingOf(one, options)
      if (grouping === null) continue
      if ('refused' in grouping) assert.ok((options.type === 'n:m' || options.type === 'row') && grouping.refused.length > 0, `${one.name}: ${grouping.refused}`)
      else assertPartition(one, grouping)
    }
  }

  test('layers', () => {
    const units = new Map<string, number>()
    for (const { config, name } of readCases()) {
      for (const { path, className, weights = [] } of readArchitecture(config).layers) {
        for (const { role, shape, axes } of weights) {
          const one = { name: `${name}: ${path}/${role}`, className, role, shape, axes }
          check(one)
          const channels = groupingOf(one, CHANNEL)
          if (channels !== null && 'groups' in channels) units.set(one.name, channels.groups)
        }
      }
    }
    // Kernels, recurrent kernels and biases of recurrent layers, wrapped or stacked, agree on their units.
    const of = (name: string) => [...units].filter(([key]) => key.startsWith(`${name}: `)).map(([key, count]) => [key.slice(key.indexOf('/') + 1), count])
    assert.deepEqual(of('rnn stacked'), [['cell_0/kernel', 4], ['cell_0/recurrent_kernel', 4], ['cell_0/bias', 4], ['cell_1/kernel', 3], ['cell_1/recurrent_kernel', 3], ['cell_1/bias', 3], ['cell_2/kernel', 2], ['cell_2/recurrent_kernel', 2], ['cell_2/bias', 2]])
    assert.deepEqual(of('bidirectional of two').map(([, count]) => count), new Array(6).fill(4))
  })

  for (const folder of ['models', 'formats', 'observe']) {
    for (const file of readdirSync(new URL(`../../fixtures/${folder}/`, import.meta.url)).filter((name) => /\.(keras|h5)$/.test(name) && name !== 'quantized.keras')) {
      test(`${folder}/${file}`, async () => {
        for (const { path, className, weights } of (await modelOf(`test/fixtures/${folder}/${file}`)).layers) {
          for (const { role, spec, tensor: { shape }, prunable } of weights) {
            if (prunable) check({ name: `${path}/${role}`, className, role, shape, ...(spec && { axes: spec.axes }) })
          }
        }
      })
    }
  }
})
