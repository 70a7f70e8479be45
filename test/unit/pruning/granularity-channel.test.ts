/** Channels are slices of a kernel; units of fused gates are several. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupingOf } from '../../../src/pruning/granularity/index.ts'
import { assertPartition, conv, dense, depthwise, gated, grouped, merged, placeOf, projection, tensor, transposed } from './granularity-helpers.ts'

const CHANNEL = { type: 'channel' } as const

test('group c is the slice [..., c]', () => {
  for (const one of [dense(3, 4), conv(2, 3, 2, 4), tensor([2, 3, 4])]) {
    const grouping = grouped(one, CHANNEL)
    assertPartition(one, grouping)
    assert.equal(grouping.groups, 4)
    grouping.of.forEach((group, element) => assert.equal(group, placeOf(element, one.shape).at(-1)))
  }
})

test('a transposed convolution\'s is [..., c, :]', () => {
  const one = transposed(2, 2, 3, 4)
  grouped(one, CHANNEL).of.forEach((group, element) => assert.equal(group, placeOf(element, one.shape)[2]))
})

test('a depthwise channel is input * multiplier + m', () => {
  const one = depthwise(2, 3, 4, 2)
  const grouping = grouped(one, CHANNEL)
  assert.deepEqual([...grouping.sizes], new Array(8).fill(6))
  grouping.of.forEach((group, element) => {
    const [, , c, m] = placeOf(element, one.shape)
    assert.equal(group, c! * 2 + m!)
  })
})

test('a projection\'s channels are those of all heads', () => {
  const one = projection(3, 2, 4)
  grouped(one, CHANNEL).of.forEach((group, element) => {
    const [, head, at] = placeOf(element, one.shape)
    assert.equal(group, head! * 4 + at!)
  })
  assert.deepEqual([...grouped(merged(2, 2, 3), CHANNEL).sizes], [4, 4, 4])
})

test('a unit of fused gates is the same column in each', () => {
  assert.deepEqual([...grouped(gated(2, 3, 2), CHANNEL).of], [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2])
  assert.deepEqual([...grouped(tensor([2, 6], { spatial: [0], output: [1], gates: 3 }, 'bias'), CHANNEL).of], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
})

test('where each channel is one weight, weights are single', () => {
  assert.equal(groupingOf(tensor([4], { output: [0] }, 'bias'), CHANNEL), null)
  assert.equal(groupingOf(tensor([4]), CHANNEL), null)
})
