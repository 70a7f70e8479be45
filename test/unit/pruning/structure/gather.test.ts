/** Places taken out of tensors, beside a plain loop over all places. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { gather } from '../../../../src/pruning/structure/gather.ts'

const count = (shape: readonly number[]): number => shape.reduce((all, size) => all * size, 1)

/** Every number by its place along each axis. */
function byPlaces (values: Float32Array, shape: readonly number[]): Map<string, number> {
  return new Map(Array.from(values, (value, index) => [shape.map((size, axis) => Math.floor(index / count(shape.slice(axis + 1))) % size).join(), value]))
}

const tensors = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 0, maxLength: 4 }).chain((shape) => fc.record({
  shape: fc.constant(shape),
  kept: fc.tuple(...shape.map((size) => fc.option(fc.subarray([...Array(size).keys()])))),
}))

test('every number that stays stands at the place of its place, and no other', () => {
  fc.assert(fc.property(tensors, ({ shape, kept }) => {
    const values = Float32Array.from({ length: count(shape) }, (_, index) => index + 1)
    const { shape: small, values: taken } = gather(values, shape, kept)
    assert.deepEqual(small, shape.map((size, axis) => kept[axis]?.length ?? size))
    const before = byPlaces(values, shape)
    const wanted = [...byPlaces(taken, small).keys()].map((key) => before.get(key === '' ? '' : key.split(',').map((place, axis) => kept[axis]?.[Number(place)] ?? Number(place)).join()))
    assert.deepEqual([...taken], wanted)
  }), { numRuns: 300 })
})

test('without places to leave out the numbers are the same, in memory of their own', () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6)
  const same = gather(values, [2, 3], [null, null])
  assert.deepEqual(same, { shape: [2, 3], values })
  same.values[0] = 9
  assert.equal(values[0], 1)
})

test('one axis after the other is both at once', () => {
  const values = Float32Array.from({ length: 60 }, (_, index) => index * 0.5)
  const both = gather(values, [3, 4, 5], [[0, 2], null, [1, 3, 4]])
  const first = gather(values, [3, 4, 5], [[0, 2], null, null])
  assert.deepEqual(gather(first.values, first.shape, [null, null, [1, 3, 4]]), both)
})

test('rows, columns, and a box', () => {
  const values = Float32Array.of(0, 1, 2, 10, 11, 12)
  assert.deepEqual(gather(values, [2, 3], [[1], null]), { shape: [1, 3], values: Float32Array.of(10, 11, 12) })
  assert.deepEqual(gather(values, [2, 3], [null, [0, 2]]), { shape: [2, 2], values: Float32Array.of(0, 2, 10, 12) })
  assert.deepEqual(gather(values, [2, 3], [[0], [1]]), { shape: [1, 1], values: Float32Array.of(1) })
  assert.deepEqual(gather(values, [2, 3], [null, []]), { shape: [2, 0], values: new Float32Array(0) })
})
