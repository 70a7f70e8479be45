/** Channels as sets: joins, reasons to stay, notes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChannelSets } from '../../../../src/pruning/structure/channels.ts'

test('fresh channels are apart, numbered in order, and know who made them', () => {
  const sets = new ChannelSets()
  assert.deepEqual([...sets.fresh(3, 7)], [0, 1, 2])
  assert.deepEqual([...sets.fresh(2, 9)], [3, 4])
  assert.equal(sets.size, 5)
  assert.deepEqual([0, 2, 3].map((label) => sets.makerOf(label)), [7, 7, 9])
  assert.deepEqual([0, 1, 2, 3, 4].map((label) => sets.rootOf(label)), [0, 1, 2, 3, 4])
})

test('the root of a set is its oldest channel, in whatever order they are joined', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 40 }), (joins) => {
    const sets = new ChannelSets()
    sets.fresh(20, 0)
    // The partition by flooding, without trees.
    const smallest = Array.from({ length: 20 }, (_, label) => label)
    for (const [a, b] of joins) {
      sets.join(a, b)
      const [keep, drop] = [Math.min(smallest[a]!, smallest[b]!), Math.max(smallest[a]!, smallest[b]!)]
      smallest.forEach((one, label) => { if (one === drop) smallest[label] = keep })
    }
    assert.deepEqual(smallest.map((_, label) => sets.rootOf(label)), smallest)
  }))
})

test('what is joined with a channel that stays, stays for its reason; the first reason is kept', () => {
  const sets = new ChannelSets()
  const [a, b, c, d] = sets.fresh(4, 0) as unknown as [number, number, number, number]
  sets.freeze(Int32Array.of(b), 'first')
  sets.freeze(Int32Array.of(b), 'second')
  assert.equal(sets.frozenBecause(b), 'first')
  assert.equal(sets.frozenBecause(a), undefined)
  sets.join(a, b)
  assert.equal(sets.frozenBecause(a), 'first')
  sets.freeze(Int32Array.of(c), 'third')
  sets.join(c, a)
  assert.deepEqual([a, b, c].map((label) => sets.frozenBecause(label)), ['first', 'first', 'first'])
  assert.equal(sets.frozenBecause(d), undefined)
})

test('an axis without labels has nothing to freeze or to note', () => {
  const sets = new ChannelSets()
  sets.fresh(1, 0)
  sets.freeze(null, 'never')
  sets.note(null, 'never')
  assert.equal(sets.frozenBecause(0), undefined)
  assert.deepEqual(sets.notesOf(0), [])
})

test('notes are gathered from all that is joined, each once', () => {
  const sets = new ChannelSets()
  const labels = sets.fresh(3, 0)
  sets.note(labels.subarray(0, 1), 'one')
  sets.note(labels.subarray(1, 2), 'two')
  sets.note(labels.subarray(1, 2), 'one')
  sets.join(2, 1)
  sets.join(2, 0)
  assert.deepEqual([0, 1, 2].map((label) => sets.notesOf(label)), [['one', 'two'], ['one', 'two'], ['one', 'two']])
  sets.note(labels.subarray(2), 'three')
  assert.deepEqual(sets.notesOf(0), ['one', 'two', 'three'])
})
