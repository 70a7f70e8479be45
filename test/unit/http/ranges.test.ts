/** Range and If-None-Match headers, by the examples and rules of RFC 9110. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { matchesNone, rangeOf } from '../../../src/http/ranges.ts'

describe('rangeOf', () => {
  test('the examples of RFC 9110, 14.1.2, of 10,000 bytes', () => {
    assert.deepEqual(rangeOf('bytes=0-499', 10_000), { from: 0, to: 500 })
    assert.deepEqual(rangeOf('bytes=500-999', 10_000), { from: 500, to: 1000 })
    assert.deepEqual(rangeOf('bytes=-500', 10_000), { from: 9500, to: 10_000 })
    assert.deepEqual(rangeOf('bytes=9500-', 10_000), { from: 9500, to: 10_000 })
  })

  test('what may be ignored is ignored', () => {
    for (const header of [undefined, '', 'bytes', 'bytes=-', 'bytes=5-2', 'bytes=0-0,-1', 'lines=1-2', 'bytes=a-b']) assert.equal(rangeOf(header, 10), undefined)
  })

  test('past the end is not satisfiable', () => {
    for (const header of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) assert.throws(() => rangeOf(header, 10), { code: 'range-not-satisfiable' })
    assert.throws(() => rangeOf('bytes=0-', 0), { code: 'range-not-satisfiable' })
  })

  test('a range is never empty and never outside', () => {
    fc.assert(fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1 }), (first, last, size) => {
      fc.pre(first < size && last >= first)
      const range = rangeOf(`bytes=${first}-${last}`, size) ?? assert.fail()
      assert.ok(range.from === first && range.to > range.from && range.to <= size && range.to <= last + 1)
    }))
  })
})

test('If-None-Match compares weakly', () => {
  assert.ok(matchesNone('"a", W/"b"', '"b"'))
  assert.ok(matchesNone('*', '"b"'))
  assert.ok(!matchesNone('"a"', '"b"'))
  assert.ok(!matchesNone(undefined, '"b"'))
})
