/** The kernels over arrays against plain loops: brackets of any magnitudes and of whole upper halves, lengths about a turn, a piece and a full window, any bits. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { uniformAt } from '../../../../src/pruning/draws.ts'
import { bitsOf, FIRST_NOT_FINITE, MAGNITUDE } from '../../../../src/pruning/selection/cut-point.ts'
import { BINS, PIECE } from '../../../../src/pruning/selection/layout.ts'
import { aligned, binned, collect, lookAbout, type Bracket } from '../../../../src/pruning/selection/loops.ts'
import { makeCut } from '../../../../src/pruning/selection/make-cut.ts'

const LENGTHS = [0, 1, 15, 16, 17, 100, PIECE - 1, PIECE, PIECE + 16, 3 * PIECE + 5, 9 * PIECE + 33] as const

/** Any bits, or those about a magnitude, so that brackets hold some. */
const bitsAbout = (length: number, seed: number, spread: number): Int32Array =>
  Int32Array.from({ length }, (_, index) => (uniformAt(seed, index, 1) < 0.5 ? 0x80000000 : 0) | (0x3e800000 + Math.floor((uniformAt(seed, index) - 0.5) * spread)))

function about (bits: Int32Array, { low, high }: Bracket) {
  const magnitudes = Array.from(bits, (one) => one & MAGNITUDE)
  return {
    about: { upToLow: magnitudes.filter((one) => one <= low).length, belowHigh: magnitudes.filter((one) => one < high).length, finite: magnitudes.every((one) => one < FIRST_NOT_FINITE) },
    inside: magnitudes.filter((one) => one > low && one < high).sort((a, b) => a - b),
  }
}

function check (bits: Int32Array, bracket: Bracket): void {
  const want = about(bits, bracket)
  assert.deepEqual(lookAbout(bits, bracket, null), want.about)
  const collected = { bits: new Int32Array(want.inside.length + 3), length: 3 }
  assert.deepEqual(lookAbout(bits, bracket, collected), want.about)
  assert.equal(collected.length, want.inside.length + 3)
  assert.deepEqual([...collected.bits.subarray(3).sort()], want.inside)
  assert.deepEqual([...collected.bits.subarray(0, 3)], [0, 0, 0])
  assert.deepEqual([...collect(bits, bracket, want.inside.length).sort()], want.inside)
  if (want.inside.length > 0) assert.equal(lookAbout(bits, bracket, { bits: new Int32Array(want.inside.length - 1), length: 0 }), null)
}

/** Of whole upper halves. */
const widened = ({ low, high }: Bracket): Bracket => ({ low: ((low + 1) & ~0xffff) - 1, high: Math.min((high & ~0xffff) + 0x10000, FIRST_NOT_FINITE) })

describe('lookAbout', () => {
  test('any bits and brackets', () => {
    const magnitude = fc.oneof(fc.constantFrom(0, 1, 0xffff, 0x10000, FIRST_NOT_FINITE - 1), fc.nat(FIRST_NOT_FINITE - 1))
    const bits = fc.array(fc.oneof(fc.integer({ min: -(2 ** 31), max: MAGNITUDE }), fc.constantFrom(0, -(2 ** 31), 0x7f800000, 0x7f7fffff, -1)), { maxLength: 90 })
    fc.assert(fc.property(bits, magnitude, magnitude, fc.nat(5), (values, one, other, offset) => {
      const view = Int32Array.from([...new Array<number>(offset).fill(0), ...values]).subarray(offset)
      const bracket = { low: Math.min(one, other) - 1, high: Math.max(one, other) }
      check(view, bracket)
      check(view, widened(bracket))
    }), { numRuns: 500 })
  })

  for (const length of LENGTHS) {
    test(`${length} magnitudes: none, few, half and all in the bracket`, () => {
      const bits = bitsAbout(length, length, 1 << 24)
      for (const width of [0, 1, 300, 1 << 16, 1 << 20, 1 << 23, 1 << 25]) {
        const bracket = { low: 0x3e800000 - width - 1, high: 0x3e800000 + width }
        check(bits, bracket)
        assert.equal(aligned(widened(bracket)), true)
        check(bits, widened(bracket))
      }
      check(bits, { low: -1, high: FIRST_NOT_FINITE })
    })
  }

  test('one NaN or infinity in any lane', () => {
    for (let at = 0; at < 40; at++) {
      for (const wrong of [0x7f800000, 0x7fffffff, -1, -0x800000]) {
        const bits = bitsAbout(PIECE + 40, 1, 1 << 24)
        bits[PIECE + at] = wrong
        for (const bracket of [{ low: -1, high: 0 }, { low: 4, high: 7 }]) assert.equal(lookAbout(bits, bracket, null)!.finite, false)
      }
    }
  })
})

test('binned counts as a plain loop does', () => {
  for (const length of LENGTHS) {
    for (const shift of [0, 3, 12]) {
      const integers = Int32Array.from({ length }, (_, index) => 1000 + Math.floor(uniformAt(7, index) * (BINS << shift)))
      const want = new Int32Array(BINS)
      for (const one of integers) want[(one - 1000) >> shift]!++
      assert.deepEqual(binned(integers, 1000, shift), want)
    }
  }
})

test('makeCut counts zeros wherever they begin, and clears the same with and without', () => {
  for (const length of LENGTHS) {
    for (const [first, share] of [[length, 0], [0, 1], [length >> 1, 0.3], [length - 1, 1]] as const) {
      const values = Float32Array.from({ length }, (_, index) => index >= first && uniformAt(5, index) <= share ? -0 : uniformAt(6, index) - 0.5 || 1)
      const bits = bitsOf(values.slice())
      const limit = bitsOf(Float32Array.of(0.3))[0]!
      const want = values.map((value) => Math.abs(value) < Math.fround(0.3) ? 0 : value)
      const zeros = (of: Float32Array) => of.filter((value) => value === 0).length
      assert.deepEqual(makeCut(bits, bits, limit, 0), { ties: 0, zerosBefore: zeros(values), zeros: zeros(want) })
      assert.deepEqual(bits, bitsOf(want))
    }
  }
})
