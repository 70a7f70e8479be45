/** Windows of a mask and points of a chart: always within what there is. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { align, valueAt, type PlotPoint } from '../../../src/web/components/chart/align.ts'
import { cellAt, isWhole, moved, wholeOf, zoomed } from '../../../src/web/pages/job/mask-window.ts'

const share = fc.double({ min: 0, max: 1, noNaN: true })

describe('windows of a mask', () => {
  test('in, out and aside: never outside of the matrix, and out far enough is all of it', () => {
    const action = fc.oneof(fc.record({ factor: fc.constantFrom(0.5, 2), at: fc.tuple(share, share) }), fc.record({ move: fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })) }))
    fc.assert(fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), fc.array(action), (rows, columns, actions) => {
      const matrix = { rows, columns }
      let window = wholeOf(matrix)
      for (const one of actions) {
        window = 'move' in one ? moved(window, matrix, one.move) : zoomed(window, matrix, one.factor, one.at)
        assert.ok(window.row >= 0 && window.rows >= 1 && window.row + window.rows <= rows, JSON.stringify(window))
        assert.ok(window.column >= 0 && window.columns >= 1 && window.column + window.columns <= columns, JSON.stringify(window))
      }
      for (let times = 0; times < 13; times++) window = zoomed(window, matrix, 2)
      assert.ok(isWhole(window, matrix))
    }))
  })

  test('what lies at a place', () => {
    const mask = { row: 8, column: 16, rows: 4, columns: 8, cellRows: 2, cellColumns: 4, down: 2, across: 2, shares: Uint8Array.from([0, 51, 102, 255]) }
    assert.deepEqual([[0, 0], [0.49, 0.99], [1, 0], [0.5, 1]].map((place) => cellAt(mask, place as [number, number])),
      [{ row: 8, column: 16, share: 0 }, { row: 8, column: 20, share: 0.2 }, { row: 10, column: 16, share: 0.4 }, { row: 10, column: 20, share: 1 }])
  })
})

describe('series over one axis', () => {
  test('each keeps its points, and lacks those of others', () => {
    const series = fc.array(fc.uniqueArray(fc.nat(60)).map((steps): PlotPoint[] => steps.sort((a, b) => a - b).map((step) => [step, step * 2])), { minLength: 1, maxLength: 4 })
    fc.assert(fc.property(series, (all) => {
      const { xs, ys } = align(all)
      assert.deepEqual(xs, [...new Set(all.flatMap((points) => points.map(([x]) => x)))].sort((a, b) => a - b))
      for (const [index, points] of all.entries()) assert.deepEqual(xs.flatMap((x, place) => ys[index]![place] === null ? [] : [[x, ys[index]![place]]]), points)
    }))
  })

  test('what is no number is a gap; a value holds until the next', () => {
    const { ys } = align([[[0, 1], [1, NaN], [2, Infinity], [3, 4]]])
    assert.deepEqual(ys, [[1, null, null, 4]])
    assert.deepEqual([-1, 0, 2, 9].map((place) => valueAt(ys[0]!, place)), [null, 1, 1, 4])
  })
})
