/** The kernels over arrays in and outside the memory of the pieces of files, against their definitions. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { openRing } from '../../../../src/models/piece-memory.ts'
import { uniformAt } from '../../../../src/pruning/draws.ts'
import { addSums, SUM_WORDS } from '../../../../src/pruning/selection/check-sums.ts'
import { lookAbout, lookAboutHalves, lookAboutZeros, type Collected } from '../../../../src/pruning/selection/loops.ts'
import { clearBelow } from '../../../../src/pruning/selection/make-cut.ts'

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

interface Magnitudes { readonly magnitude: number, readonly firstNotFinite: number }
const HALVES: Magnitudes = { magnitude: 0x7fff, firstNotFinite: 0x7c00 }
const WORDS: Magnitudes = { magnitude: 0x7fffffff, firstNotFinite: 0x7f800000 }

/** `bits` without the sign, counted and collected one by one. */
function defined (bits: Int32Array | Uint16Array, { magnitude, firstNotFinite }: Magnitudes, low: number, high: number) {
  const magnitudes = Array.from(bits, (one) => one & magnitude)
  return {
    about: {
      upToLow: magnitudes.filter((one) => one <= low).length, belowHigh: magnitudes.filter((one) => one < high).length,
      zeros: magnitudes.filter((one) => one === 0).length, finite: magnitudes.every((one) => one < firstNotFinite),
    },
    inside: magnitudes.filter((one) => one > low && one < high).sort((a, b) => a - b),
  }
}

const long16 = Uint16Array.from({ length: LONG }, (_, index) => uniformAt(1, index) < 0.2 ? 0x8000 * (index % 2) : uniformAt(2, index) * 0x10000)
const long32 = Int32Array.from({ length: LONG }, (_, index) => uniformAt(3, index) < 0.2 ? 0 : (uniformAt(4, index) - 0.5) * 2 ** 32)
const halves = fc.oneof(fc.uint16Array({ maxLength: 300 }), fc.array(fc.constantFrom(0, 0x8000, 1, 0x8001, 0x7c00, 0x7fff), { maxLength: 200 }).map((list) => Uint16Array.from(list)), fc.constant(long16))
const words = fc.oneof(fc.int32Array({ maxLength: 300 }), fc.array(fc.constantFrom(0, -0x80000000, 1, 0x7fffffff), { maxLength: 100 }).map((list) => Int32Array.from(list)), fc.constant(long32))

const where = <T extends Int32Array | Uint16Array>(bits: T) => [(use: (copy: T) => void) => { use(bits) }, (use: (copy: T) => void) => { placed(bits, use) }]
const found = ({ bits, length }: Collected) => [...bits.subarray(0, length).sort()]

describe('counting about a bracket', () => {
  test('numbers of 16 bits', () => {
    fc.assert(fc.property(halves, fc.integer({ min: -1, max: 0x7ffe }), fc.integer({ min: 1, max: 0x7fff }), (bits, low, width) => {
      const high = Math.min(0x7fff, low + width)
      const { about, inside } = defined(bits, HALVES, low, high)
      for (const run of where(bits)) {
        run((copy) => {
          assert.deepEqual(lookAboutHalves(copy, { low, high }, null, HALVES.firstNotFinite), about)
          const collected = { bits: new Int32Array(inside.length), length: 0 }
          assert.deepEqual(lookAboutHalves(copy, { low, high }, collected, HALVES.firstNotFinite), about)
          assert.deepEqual(found(collected), inside)
        })
      }
    }), { numRuns: 150 })
  })

  test('numbers of 32 bits, with zeros and without, and of whole upper halves', () => {
    fc.assert(fc.property(words, fc.integer({ min: -1, max: 0x7ffffffd }), fc.integer({ min: 2, max: 0x7fffffff }), fc.boolean(), (bits, from, width, isAligned) => {
      const [low, high] = isAligned ? [(from & ~0xffff) - 1, Math.min(WORDS.firstNotFinite, from + width + 0x10000 & ~0xffff)] : [from, Math.min(0x7fffffff, from + width)]
      const { about: { zeros, ...about }, inside } = defined(bits, WORDS, low, high)
      for (const run of where(bits)) {
        run((copy) => {
          assert.deepEqual(lookAboutZeros(copy, { low, high }, null), { ...about, zeros })
          assert.deepEqual(lookAbout(copy, { low, high }, null), about)
          for (const look of [lookAbout, lookAboutZeros]) {
            const collected = { bits: new Int32Array(inside.length), length: 0 }
            assert.ok(look(copy, { low, high }, collected))
            assert.deepEqual(found(collected), inside)
          }
        })
      }
    }), { numRuns: 150 })
  })
})

describe('what is below a limit, and nothing else, is set to zero', () => {
  test('numbers of 16 bits', () => {
    fc.assert(fc.property(halves, fc.integer({ min: 0, max: 0x8000 }), (bits, limit) => { checkCleared(bits, limit, 0x7fff) }), { numRuns: 150 })
  })

  test('numbers of 32 bits', () => {
    fc.assert(fc.property(words, fc.integer({ min: 0, max: 0x7fffffff }), (bits, limit) => { checkCleared(bits, limit, 0x7fffffff) }), { numRuns: 150 })
  })
})

function checkCleared (bits: Int32Array | Uint16Array, limit: number, magnitude: number): void {
  const wanted = bits.map((one) => (one & magnitude) < limit ? 0 : one)
  const own = bits.slice()
  clearBelow(own, limit)
  assert.deepEqual(own, wanted)
  placed(bits, (copy) => {
    clearBelow(copy, limit)
    assert.deepEqual(copy.slice(), wanted)
  })
}

test('check sums are sums, and sums of sums, of 16 lanes', () => {
  const raw = new Uint8Array(long32.buffer, 0, 64 * 9000)
  const wanted = new Int32Array(SUM_WORDS)
  for (let index = 0; index < raw.length / 4; index++) {
    wanted[index % 16]! += long32[index]!
    wanted[16 + index % 16]! += wanted[index % 16]!
  }
  const check = (raw: Uint8Array): void => {
    const sums = new Int32Array(SUM_WORDS)
    addSums(sums, raw.subarray(0, 64 * 5))
    addSums(sums, raw.subarray(64 * 5))
    assert.deepEqual(sums, wanted)
  }
  check(raw)
  placed(new Int32Array(raw.buffer, 0, raw.length / 4), ({ buffer, byteOffset }) => { check(new Uint8Array(buffer, byteOffset, raw.length)) })
})
