/** Series thinned for a picture: long ones by columns, short ones left whole. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MetricRow } from '../../../src/jobs/series.ts'
import { thinExtremes } from '../../../src/jobs/thin-extremes.ts'

const LIMIT = 8

function series (name: string, values: readonly number[]): MetricRow[] {
  return values.map((value, step) => ({ series: name, step, epoch: 0, value, at: new Date(step) }))
}

describe('thinExtremes', () => {
  test('a series of at most `limit` points stays whole beside one that is thinned', () => {
    const [short, long, exact] = [series('a', [1, 2, 3, 4, 5, 4, 3]), series('b', [0, 9, 1, 2, -5, 3, 4, 5, 6, 7, 8, 9]), series('c', [5, 6, 7, 8, 7, 6, 5, 4])]
    const { points, thinned } = thinExtremes([...short, ...long, ...exact], LIMIT)
    // Two columns of six steps: first, last, least and largest of each, the second of which only rises.
    const kept = [0, 1, 4, 5, 6, 11].map((step) => long[step]!)
    assert.deepEqual(points, [...short, ...kept, ...exact])
    assert.equal(thinned, true)
  })

  test('nothing was thinned when every series is short', () => {
    const points = [...series('a', [1, 2, 3, 4, 5]), ...series('b', [2, 2, 2, 2, 2, 2, 2, 2])]
    assert.deepEqual(thinExtremes(points, LIMIT), { points, thinned: false })
    assert.deepEqual(thinExtremes([], LIMIT), { points: [], thinned: false })
  })
})
