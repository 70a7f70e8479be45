/** N:M: where its groups lie in every kind of kernel, and what it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertPartition, conv, dense, depthwise, flat, gated, grouped, members, merged, placeOf, projection, refusal, tensor, transposed } from './granularity-helpers.ts'

const TWO_OF_FOUR = { type: 'n:m', n: 2, m: 4 } as const

test('dense: four consecutive inputs of one output', () => {
  const grouping = grouped(dense(8, 2), TWO_OF_FOUR)
  assert.deepEqual([...grouping.of], [0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3])
  assert.deepEqual([...grouping.sizes], [4, 4, 4, 4])
  assert.equal(grouping.removes, 2)
  assert.equal(grouped(dense(8, 2), { type: 'n:m', n: 1, m: 8 }).removes, 7)
})

test('a transposed convolution has its inputs last', () => {
  assert.deepEqual([...grouped(transposed(1, 1, 2, 4), { type: 'n:m', n: 1, m: 2 }).of], [0, 0, 2, 2, 1, 1, 3, 3])
})

test('the inputs of an attention\'s output are heads and their values together', () => {
  assert.deepEqual([...grouped(merged(2, 2, 1), TWO_OF_FOUR).of], [0, 0, 0, 0])
})

test('groups lie along the inputs, at one position and one output', () => {
  const size = fc.integer({ min: 1, max: 4 })
  const cases = fc.oneof(
    fc.tuple(size, size).map(([rows, units]) => dense(4 * rows, units)),
    fc.tuple(size, size, size, size).map(([height, width, rows, filters]) => conv(height, width, 4 * rows, filters)),
    fc.tuple(size, size, size, size).map(([height, width, filters, rows]) => transposed(height, width, filters, 4 * rows)),
    fc.tuple(size, size, size).map(([rows, units, gates]) => gated(4 * rows, units, gates)),
    fc.tuple(size, size, size).map(([rows, heads, width]) => projection(4 * rows, heads, width)),
    fc.tuple(size, size, size).map(([heads, rows, units]) => merged(heads, 4 * rows, units))
  )
  fc.assert(fc.property(cases, (one) => {
    const grouping = grouped(one, TWO_OF_FOUR)
    assertPartition(one, grouping)
    const { shape, axes } = one
    const { input, output, spatial } = axes!
    for (const elements of members(grouping)) {
      const places = elements.map((element) => placeOf(element, shape))
      const inputs = places.map((place) => flat(place, input, shape))
      assert.deepEqual(inputs, [0, 1, 2, 3].map((offset) => inputs[0]! + offset))
      assert.equal(inputs[0]! % 4, 0)
      for (const axis of [...output, ...spatial]) assert.equal(new Set(places.map((place) => place[axis])).size, 1)
    }
  }), { numRuns: 200 })
})

test('what it cannot part is refused with the reason', () => {
  assert.match(refusal(dense(6, 2), TWO_OF_FOUR), /its 6 input channels cannot be parted into groups of 4/)
  assert.match(refusal(conv(3, 3, 3, 8), TWO_OF_FOUR), /its 3 input channels cannot be parted/)
  assert.match(refusal(depthwise(3, 3, 4, 1), TWO_OF_FOUR), /depthwise kernel has one input channel/)
  assert.match(refusal(tensor([8, 4], { input: [0], output: [1] }, 'layer/embeddings'), TWO_OF_FOUR), /embedding/)
  assert.match(refusal(tensor([8], { output: [0] }, 'bias'), TWO_OF_FOUR), /no input axis/)
  assert.match(refusal(tensor([8]), TWO_OF_FOUR), /no input axis/)
  assert.match(refusal(tensor([3, 3, 8, 4]), TWO_OF_FOUR), /which of its 4 axes are inputs is not known/)
  assert.equal(grouped(tensor([8, 4]), TWO_OF_FOUR).groups, 8)
})
