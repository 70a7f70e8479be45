/** Series thinned for a picture: long ones by columns, short ones left whole. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MetricColumns } from '../../../src/jobs/series.ts'
import { thinExtremes } from '../../../src/jobs/thin-extremes.ts'

const LIMIT = 8

function series (name: string, values: readonly number[]): MetricColumns {
  const steps = values.map((_, step) => step)
  return { series: name, steps, epochs: values.map(() => 0), values, times: steps.map((step) => 1000 * step) }
}

describe('thinExtremes', () => {
  test('a series of at most `limit` points stays whole beside one that is thinned', () => {
    const [short, long, exact] = [series('a', [1, 2, 3, 4, 5, 4, 3]), series('b', [0, 9, 1, 2, -5, 3, 4, 5, 6, 7, 8, 9]), series('c', [5, 6, 7, 8, 7, 6, 5, 4])]
    const { series: thin, thinned } = thinExtremes([short, long, exact], LIMIT)
    // Two columns of six steps: first, last, least and largest of each, the second of which only rises.
    const steps = [0, 1, 4, 5, 6, 11]
    assert.deepEqual(thin, [short, { series: 'b', steps, epochs: steps.map(() => 0), values: [0, 9, -5, 3, 4, 9], times: steps.map((step) => 1000 * step) }, exact])
    assert.equal(thinned, true)
  })

  test('nothing was thinned when every series is short; times that were not asked for are not made up', () => {
    const both = [series('a', [1, 2, 3, 4, 5]), series('b', [2, 2, 2, 2, 2, 2, 2, 2])]
    assert.deepEqual(thinExtremes(both, LIMIT), { series: both, thinned: false })
    assert.deepEqual(thinExtremes([], LIMIT), { series: [], thinned: false })
    assert.deepEqual(thinExtremes([{ ...series('a', Array.from({ length: 50 }, (_, step) => step)), times: [] }], LIMIT).series.map(({ times }) => times), [[]])
  })
})
