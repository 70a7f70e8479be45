/** Blocks are rectangles of the matrices of a kernel. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { groupingOf } from '../../../src/pruning/granularity/index.ts'
import { assertPartition, conv, dense, depthwise, flat, grouped, members, placeOf, tensor, transposed } from './granularity-helpers.ts'

test('rectangles, smaller at the edges', () => {
  const grouping = grouped(dense(3, 5), { type: 'block', rows: 2, columns: 2 })
  assert.deepEqual([...grouping.of], [0, 0, 1, 1, 2, 0, 0, 1, 1, 2, 3, 3, 4, 4, 5])
  assert.deepEqual([...grouping.sizes], [4, 4, 2, 2, 2, 1])
  assert.equal(grouping.removes, undefined)
})

test('each kernel position is a matrix of its own', () => {
  assert.deepEqual([...grouped(conv(1, 2, 2, 2), { type: 'block', rows: 2, columns: 2 }).of], [0, 0, 0, 0, 1, 1, 1, 1])
  // [outputs, inputs] as stored: blocks of 2 inputs and 1 output.
  assert.deepEqual([...grouped(transposed(1, 1, 2, 4), { type: 'block', rows: 2, columns: 1 }).of], [0, 0, 2, 2, 1, 1, 3, 3])
  assert.deepEqual([...grouped(depthwise(1, 2, 2, 2), { type: 'block', rows: 3, columns: 3 }).of], [0, 0, 0, 1, 2, 2, 2, 3])
})

test('blocks of one weight are no blocks', () => {
  assert.equal(groupingOf(dense(4, 3), { type: 'block', rows: 1, columns: 1 }), null)
  assert.equal(groupingOf(tensor([], { output: [] }), { type: 'block', rows: 4, columns: 4 }), null)
  assert.deepEqual([...grouped(tensor([5], { output: [0] }, 'bias'), { type: 'block', rows: 4, columns: 4 }).sizes], [4, 1])
})

test('a block is a rectangle of rows x columns at one position', () => {
  const size = fc.integer({ min: 1, max: 6 })
  fc.assert(fc.property(fc.tuple(size, size, size, size), fc.tuple(size, size), fc.constantFrom(conv, transposed, depthwise), (shape, [rows, columns], layout) => {
    const one = layout(...shape)
    const { output, spatial } = one.axes!
    const input = one.axes!.input.filter((axis) => !output.includes(axis))
    const grouping = groupingOf(one, { type: 'block', rows, columns })
    if (grouping === null) return
    assert.ok(!('refused' in grouping))
    assertPartition(one, grouping)
    for (const elements of members(grouping)) {
      const places = elements.map((element) => placeOf(element, one.shape))
      const spread = (axes: readonly number[]) => new Set(places.map((place) => flat(place, axes, one.shape)))
      const [down, across] = [[...spread(input)], [...spread(output)]]
      assert.equal(spread(spatial).size, 1)
      assert.equal(elements.length, down.length * across.length)
      assert.equal(new Set(down.map((index) => Math.floor(index / rows))).size, 1)
      assert.equal(new Set(across.map((index) => Math.floor(index / columns))).size, 1)
    }
  }), { numRuns: 200 })
})
