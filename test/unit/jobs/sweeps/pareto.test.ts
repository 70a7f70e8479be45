/** Pareto sets: properties over random figures, against a brute force and against numpy. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { nondominated } from '../../../../src/jobs/sweeps/nondominated.ts'
import { resultOf } from '../../../../src/jobs/sweeps/result.ts'
import { pointsOf, type MadeUp } from './samples.ts'

/** Few different values, so that ties are many; now and then none. */
const figure = fc.oneof({ arbitrary: fc.integer({ min: 0, max: 6 }), weight: 12 }, { arbitrary: fc.constantFrom(NaN, Infinity, -0), weight: 1 })
const rows = fc.integer({ min: 1, max: 4 }).chain((columns) => fc.array(fc.array(figure, { minLength: columns, maxLength: columns }), { maxLength: 40 }))

const finite = (row: readonly number[]): boolean => row.every((value) => Number.isFinite(value))
function beats (a: readonly number[], b: readonly number[]): boolean {
  let somewhere = false
  for (let at = 0; at < a.length; at++) {
    if (a[at]! > b[at]!) return false
    somewhere ||= a[at]! < b[at]!
  }
  return somewhere
}

describe('nondominated', () => {
  test('nothing returned is dominated, everything left out is, or lacks a figure', () => {
    fc.assert(fc.property(rows, (all) => {
      const front = nondominated(all)
      for (const [index, row] of all.entries()) {
        const dominated = all.some((other) => finite(other) && beats(other, row))
        assert.equal(front.includes(index), finite(row) && !dominated)
      }
      assert.deepEqual(front, [...new Set(front)].sort((a, b) => a - b))
    }), { numRuns: 500 })
  })

  test('the order of the rows does not matter', () => {
    fc.assert(fc.property(rows.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all.keys()], { minLength: all.length }))), ([all, order]) => {
      const shuffled = nondominated(order.map((index) => all[index]!)).map((at) => order[at]!)
      assert.deepEqual(shuffled.sort((a, b) => a - b), nondominated(all))
    }))
  })

  test('equal rows stand together; nothing comes of nothing', () => {
    assert.deepEqual(nondominated([[1, 2], [1, 2], [2, 1], [2, 2]]), [0, 1, 2])
    assert.deepEqual(nondominated([]), [])
    assert.deepEqual(nondominated([[NaN, 0], [5, 5]]), [1])
  })
})

describe('the sets of a sweep', () => {
  const cases = JSON.parse(readFileSync(new URL('../../../fixtures/sweeps/pareto.json', import.meta.url), 'utf8')) as Array<{ points: MadeUp[], pareto: Record<string, number[]>, knee: number | null }>

  for (const { points, pareto, knee } of cases) {
    test(`${points.length} points: the sets and the knee that numpy finds`, () => {
      const result = resultOf(pointsOf(points), { knee: 'bytes' })
      assert.deepEqual(result.pareto, Object.fromEntries(Object.entries(pareto).map(([name, places]) => [name, places.map(String)])))
      assert.equal(result.picked!.job, knee === null ? null : String(knee))
    })
  }

  test('a figure that no point has does not count; without a metric there are no sets', () => {
    const without = resultOf(pointsOf([{ accuracy: 0.9, bytes: 10 }, { accuracy: 0.8, bytes: 20 }, { accuracy: 0.8, bytes: 5 }]), null)
    assert.deepEqual(without.pareto, { bytes: ['0', '2'], macs: [], latency: [], all: ['0', '2'] })
    assert.equal(without.picked, null)
    const blind = resultOf(pointsOf([{ accuracy: null, bytes: 10 }]).map((point) => ({ ...point, before: { ...point.before!, metrics: null } })), { knee: 'bytes' })
    assert.deepEqual([blind.metric, blind.pareto.all, blind.picked!.job], [null, [], null])
  })

  test('points that did not succeed take no part', () => {
    const [first, second] = pointsOf([{ accuracy: 0.9, bytes: 10 }, { accuracy: 0.95, bytes: 5 }])
    const { pareto } = resultOf([first!, { ...second!, state: 'failed', before: null, after: null }, { ...second!, state: 'running' }], null)
    assert.deepEqual(pareto.bytes, ['0'])
  })

  test('where there is no accuracy the error of a regression is compared, less is better', () => {
    const points = pointsOf([{ accuracy: null, bytes: 10 }, { accuracy: null, bytes: 20 }, { accuracy: null, bytes: 30 }])
      .map((point, at) => ({ ...point, after: { ...point.after!, metrics: { mse: [3, 1, 2][at]!, loss: 9, r2: 0.5 } } }))
    const { metric, pareto, picked } = resultOf(points, { best: 'metric', within: { bytes: 25 } })
    assert.deepEqual([metric, pareto.bytes, picked!.job], [{ name: 'mse', better: 'lower' }, ['0', '1'], '1'])
  })
})
