/** Ranks of samples and the brackets made of them, against a sort. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { uniformAt } from '../../../../src/pruning/draws.ts'
import { guessBracket } from '../../../../src/pruning/selection/bracket.ts'
import { FIRST_NOT_FINITE, MAGNITUDE } from '../../../../src/pruning/selection/cut-point.ts'
import { alignedAbout, endsOf } from '../../../../src/pruning/selection/sample-ends.ts'
import { aligned } from '../../../../src/pruning/selection/loops.ts'
import { placeOf } from '../../../../src/pruning/selection/narrow.ts'

const samples: Readonly<Record<string, (index: number) => number>> = {
  'over all bits': (index) => Math.floor(uniformAt(1, index) * 2 ** 31),
  'of one power of two': (index) => 0x3e800000 + Math.floor(uniformAt(1, index) * 2 ** 23),
  'next to each other': (index) => 0x3e800000 + Math.floor(uniformAt(1, index) * 40),
  'all equal': () => 77,
  'zero and far away': (index) => index % 2 * 0x7f000000,
  'of two bins': (index) => index % 3 === 0 ? 0x10000 : 0xffff,
  'NaN among others': (index) => index % 5 === 0 ? MAGNITUDE : Math.floor(uniformAt(1, index) * 2 ** 30),
}

describe('endsOf and placeOf', () => {
  for (const [name, make] of Object.entries(samples)) {
    test(name, () => {
      for (const length of [1, 2, 63, 65, 1000, 5001]) {
        const sample = Int32Array.from({ length }, (_, index) => make(index))
        const given = sample.slice()
        const sorted = sample.slice().sort()
        for (const first of [0, length >> 1, Math.floor(0.9 * length), length - 1]) {
          for (const last of [first, first + 1, first + 40, length - 1].filter((rank) => rank < length)) {
            assert.deepEqual(endsOf(sample, first, last), { low: sorted[first], high: sorted[last] })
          }
          if (sorted.at(-1) === MAGNITUDE) continue
          const below = sorted.indexOf(sorted[first]!)
          assert.deepEqual(placeOf(sample, first, { low: -1, high: MAGNITUDE }), { bits: sorted[first], below, equal: sorted.lastIndexOf(sorted[first]!) + 1 - below })
        }
        assert.deepEqual(sample, given, 'the sample is as it was')
      }
    })
  }

  test('any few', () => {
    fc.assert(fc.property(fc.array(fc.nat(MAGNITUDE), { minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(), (values, one, other) => {
      const [first, last] = [one % values.length, other % values.length].sort((a, b) => a - b) as [number, number]
      const sorted = [...values].sort((a, b) => a - b)
      assert.deepEqual(endsOf(Int32Array.from(values), first, last), { low: sorted[first], high: sorted[last] })
    }))
  })
})

test('a bracket of whole upper halves holds both ends, and says how many of the sample', () => {
  const magnitude = fc.oneof(fc.constantFrom(0, 0xffff, 0x10000, FIRST_NOT_FINITE - 1), fc.nat(FIRST_NOT_FINITE - 1))
  fc.assert(fc.property(fc.array(magnitude, { minLength: 1, maxLength: 50 }), magnitude, magnitude, (values, one, other) => {
    const ends = { low: Math.min(one, other), high: Math.max(one, other) }
    const { inside, ...bracket } = alignedAbout(Int32Array.from(values), ends)
    assert.ok(aligned(bracket) && bracket.low < ends.low && bracket.high > ends.high && ends.low - bracket.low <= 0x10000 && bracket.high - ends.high <= 0x10000)
    assert.equal(inside, values.filter((value) => value > bracket.low && value < bracket.high).length)
  }))
})

test('a guess is of whole upper halves where numbers are spread, and of the sample itself where they are close', () => {
  const spread = Int32Array.from({ length: 4000 }, (_, index) => 0x3e000000 + index * 5000)
  const close = Int32Array.from({ length: 4000 }, (_, index) => 0x3e000000 + index)
  assert.equal(aligned(guessBracket(spread, 1e6, 900_000, 2.8)), true)
  const { low, high } = guessBracket(close, 1e6, 900_000, 2.8)
  assert.ok(low < 0x3e000000 + 3600 && high > 0x3e000000 + 3600 && high - low < 150)
})
