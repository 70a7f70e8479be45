/** What was made of a streamed tensor, known by sums, and ranks among kept magnitudes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { uniformAt } from '../../../src/pruning/draws.ts'
import { kth } from '../../../src/pruning/streaming/kth.ts'
import { createMade } from '../../../src/pruning/streaming/made.ts'
import { float32Elements } from '../../../src/pruning/streaming/wide.ts'

const values = Float32Array.from({ length: 5003 }, (_, index) => index % 3 === 0 ? 0 : uniformAt(1, index) - 0.5)
const raw = new Uint8Array(values.buffer)
const zeros = values.filter((value) => value === 0).length

/** Notes all elements in pieces of so many. */
function made (piece: number, { wanted = zeros, from = 0, to = values.length } = {}) {
  const one = createMade({ name: 'a/kernel', weights: values.length, size: 4, zeros: wanted, elements: float32Elements })
  for (let first = from; first < to; first += piece) one.note(first, raw.subarray(4 * first, 4 * Math.min(first + piece, to)))
  return one
}

function isSame (one: ReturnType<typeof made>, bytes: Uint8Array, piece: number): boolean {
  const check = one.check()!
  for (let at = 0; at < bytes.length; at += 4 * piece) check.add(bytes.subarray(at, at + 4 * piece))
  return check.isSame()
}

describe('what was made', () => {
  test('is the same in whatever pieces it was made and comes back', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 1, max: 6000 }), (one, other) => { assert.ok(isSame(made(one), raw, other)) }), { numRuns: 40 })
  })

  test('differs by a bit, by two elements that changed places, and by its length', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: raw.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const other = raw.slice()
      other[at]! ^= 1 << bit
      assert.ok(!isSame(made(1000), other, 777))
    }), { numRuns: 100 })
    fc.assert(fc.property(fc.integer({ min: 0, max: values.length - 1 }), fc.integer({ min: 0, max: values.length - 1 }), (a, b) => {
      fc.pre(values[a] !== values[b])
      const other = values.slice()
      ;[other[a], other[b]] = [values[b]!, values[a]!]
      assert.ok(!isSame(made(1000), new Uint8Array(other.buffer), 777))
    }), { numRuns: 100 })
    assert.ok(!isSame(made(1000), raw.subarray(0, raw.length - 4), 1000))
    assert.ok(!isSame(made(1000), new Uint8Array([...raw, 0, 0, 0, 0]), 1000))
  })

  test('is not known unless all of it was made from front to back; made again, the last time counts', () => {
    assert.equal(made(1000, { to: 5000 }).check(), null)
    assert.equal(made(1000, { from: 1000 }).check(), null)
    const again = made(1000, { to: 3000 })
    for (let first = 0; first < values.length; first += 500) again.note(first, raw.subarray(4 * first, 4 * (first + 500)))
    assert.ok(isSame(again, raw, 900))
    again.note(4000, raw.subarray(16_000, 17_000))
    assert.equal(again.check(), null)
  })

  test('other zeros than were to be made are an error', () => {
    assert.throws(() => isSame(made(1000, { wanted: zeros + 1 }), raw, 1000), { code: 'verification-failed', message: `the weights a/kernel were read back with ${zeros} zeros, ${zeros + 1} were to be written` })
  })
})

test('ranks among kept magnitudes, spread or crowded, with counts and without', () => {
  const magnitude = fc.oneof(fc.integer({ min: 1, max: 0x7f7fffff }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0x3f800000, max: 0x3f800010 }), fc.constant(0x7f7fffff))
  fc.assert(fc.property(fc.array(magnitude, { minLength: 1, maxLength: 300 }), fc.array(fc.tuple(magnitude, fc.integer({ min: 0, max: 5 })), { maxLength: 20 }), fc.nat(), (plain, counted, seed) => {
    const kept = [
      { bits: Int32Array.from(plain), first: 0, length: plain.length },
      { bits: Int32Array.from(counted, ([bits]) => bits), counts: Float64Array.from(counted, ([, count]) => count), first: 0, length: 100 },
    ]
    const sorted = [...plain, ...counted.flatMap(([bits, count]) => new Array<number>(count).fill(bits))].sort((a, b) => a - b)
    const rank = seed % sorted.length
    const bits = sorted[rank]!
    assert.deepEqual(kth(kept, rank, { from: 1, to: 0x7f800000 }), { bits, rest: rank - sorted.indexOf(bits) })
  }), { numRuns: 500 })
})
