/** Rows and columns of the matrix by which a layer multiplies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertPartition, conv, dense, depthwise, gated, grouped, members, placeOf, projection, refusal, tensor, transposed } from './granularity-helpers.ts'

const ROW = { type: 'row' } as const
const COLUMN = { type: 'column' } as const

test('a row is one input at one position, for all outputs', () => {
  assert.deepEqual([...grouped(dense(3, 2), ROW).of], [0, 0, 1, 1, 2, 2])
  for (const [one, same, other] of [[conv(2, 3, 4, 5), [0, 1, 2], 3], [transposed(2, 3, 5, 4), [0, 1, 3], 2]] as const) {
    const grouping = grouped(one, ROW)
    assertPartition(one, grouping)
    assert.deepEqual([...grouping.sizes], new Array(24).fill(5))
    for (const elements of members(grouping)) {
      const places = elements.map((element) => placeOf(element, one.shape))
      for (const axis of same) assert.equal(new Set(places.map((place) => place[axis])).size, 1)
      assert.deepEqual(places.map((place) => place[other]), [0, 1, 2, 3, 4])
    }
  }
  assert.deepEqual([...grouped(projection(3, 2, 2), ROW).sizes], [4, 4, 4])
  assert.deepEqual([...grouped(gated(2, 1, 3), ROW).of], [0, 0, 0, 1, 1, 1])
})

test('a row of a grouped convolution lies within its group', () => {
  const one = tensor([1, 1, 2, 4], { spatial: [0, 1], input: [2], output: [3], groups: 2 })
  const grouping = grouped(one, ROW)
  assertPartition(one, grouping)
  assert.deepEqual([...grouping.of], [0, 0, 1, 1, 2, 2, 3, 3])
})

test('a column is one output at all positions, each gate by itself', () => {
  assert.deepEqual([...grouped(dense(3, 2), COLUMN).of], [0, 1, 0, 1, 0, 1])
  assert.deepEqual([...grouped(conv(3, 2, 4, 5), COLUMN).sizes], new Array(5).fill(24))
  assert.deepEqual([...grouped(gated(2, 2, 3), COLUMN).of], [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
  assert.deepEqual([...grouped(depthwise(3, 3, 2, 2), COLUMN).sizes], [9, 9, 9, 9])
})

test('what has no rows is refused with the reason', () => {
  assert.match(refusal(depthwise(3, 3, 4, 1), ROW), /depthwise kernel has an input of its own/)
  assert.match(refusal(tensor([8], { output: [0] }, 'bias'), ROW), /no input axis/)
})
