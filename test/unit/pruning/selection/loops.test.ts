/** The kernels over arrays in and outside the memory of pieces, against their definitions. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { openRing } from '../../../../src/models/piece-memory.ts'
import { uniformAt } from '../../../../src/pruning/draws.ts'
import { addSums, cutHalvesBelow, lookAboutHalves, lookAboutZeros, SUM_WORDS } from '../../../../src/pruning/selection/loops.ts'

/** Longer than the window through which arrays are moved. */
const LONG = 150_001

/** A copy in the memory of pieces, for each piece of a ring. */
function placed<T extends Int32Array | Uint16Array> (values: T, use: (copy: T) => void): void {
  const ring = openRing()
  const { buffer, byteOffset } = ring.next(values.byteLength)
  const copy = new (values.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => T)(buffer, byteOffset, values.length)
  copy.set(values)
  try { use(copy) } finally { ring.close() }
}

/** `bits` without the sign, counted and collected one by one. */
function defined (bits: Int32Array | Uint16Array, magnitude: number, low: number, high: number) {
  const magnitudes = Array.from(bits, (one) => one & magnitude)
  return {
    about: {
      upToLow: magnitudes.filter((one) => one <= low).length, belowHigh: magnitudes.filter((one) => one < high).length,
      largest: magnitudes.reduce((most, one) => Math.max(most, one), 0), zeros: magnitudes.filter((one) => one === 0).length,
    },
    inside: magnitudes.filter((one) => one > low && one < high),
  }
}

const long16 = Uint16Array.from({ length: LONG }, (_, index) => uniformAt(1, index) < 0.2 ? 0x8000 * (index % 2) : uniformAt(2, index) * 0x10000)
const long32 = Int32Array.from({ length: LONG }, (_, index) => uniformAt(3, index) < 0.2 ? 0 : (uniformAt(4, index) - 0.5) * 2 ** 32)
const halves = fc.oneof(fc.uint16Array({ maxLength: 300 }), fc.array(fc.constantFrom(0, 0x8000, 1, 0x8001, 0x7c00, 0x7fff), { maxLength: 200 }).map((list) => Uint16Array.from(list)), fc.constant(long16))
const words = fc.oneof(fc.int32Array({ maxLength: 300 }), fc.array(fc.constantFrom(0, -0x80000000, 1, 0x7fffffff), { maxLength: 100 }).map((list) => Int32Array.from(list)), fc.constant(long32))

describe('counting about a bracket', () => {
  test('numbers of 16 bits', () => {
    fc.assert(fc.property(halves, fc.integer({ min: -1, max: 0x7ffe }), fc.integer({ min: 1, max: 0x7fff }), (bits, low, width) => {
      const high = Math.min(0x7fff, low + width)
      const { about, inside } = defined(bits, 0x7fff, low, high)
      for (const run of [(use: (copy: Uint16Array) => void) => { use(bits) }, (use: (copy: Uint16Array) => void) => { placed(bits, use) }]) {
        run((copy) => {
          assert.deepEqual(lookAboutHalves(copy, { low, high }, null), about)
          const collected = { bits: new Uint16Array(bits.length), length: 0 }
          assert.deepEqual(lookAboutHalves(copy, { low, high }, collected), about)
          assert.deepEqual([...collected.bits.subarray(0, collected.length)], inside)
        })
      }
    }), { numRuns: 150 })
  })

  test('numbers of 32 bits, zeros too', () => {
    fc.assert(fc.property(words, fc.integer({ min: -1, max: 0x7ffffffd }), fc.integer({ min: 2, max: 0x7fffffff }), (bits, low, width) => {
      const high = Math.min(0x7fffffff, low + width)
      const { about, inside } = defined(bits, 0x7fffffff, low, high)
      for (const run of [(use: (copy: Int32Array) => void) => { use(bits) }, (use: (copy: Int32Array) => void) => { placed(bits, use) }]) {
        run((copy) => {
          assert.deepEqual(lookAboutZeros(copy, { low, high }, null), about)
          const collected = { bits: new Int32Array(bits.length), length: 0 }
          assert.deepEqual(lookAboutZeros(copy, { low, high }, collected), about)
          assert.deepEqual([...collected.bits.subarray(0, collected.length)], inside)
        })
      }
    }), { numRuns: 150 })
  })
})

test('the cut of 16 bits takes what is below the limit and nothing else', () => {
  fc.assert(fc.property(halves, fc.integer({ min: 0, max: 0x8000 }), (bits, limit) => {
    const wanted = bits.map((one) => (one & 0x7fff) < limit ? 0 : one)
    const own = bits.slice()
    cutHalvesBelow(own, limit)
    assert.deepEqual(own, wanted)
    placed(bits, (copy) => {
      cutHalvesBelow(copy, limit)
      assert.deepEqual(copy.slice(), wanted)
    })
  }), { numRuns: 150 })
})

test('check sums are sums, and sums of sums, of 16 lanes', () => {
  const raw = new Uint8Array(long32.buffer, 0, 64 * 9000)
  const wanted = new Int32Array(SUM_WORDS)
  for (let index = 0; index < raw.length / 4; index++) {
    wanted[index % 16]! += long32[index]!
    wanted[16 + index % 16]! += wanted[index % 16]!
  }
  const sums = new Int32Array(SUM_WORDS)
  addSums(sums, raw.subarray(0, 64 * 5))
  addSums(sums, raw.subarray(64 * 5))
  assert.deepEqual(sums, wanted)
})
