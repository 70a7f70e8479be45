/** float16 and bfloat16 in one ranking with float32: every pattern's value by its definition, and cuts against a sort. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { applyCut, applyCutToHalves, findCut, type Halves } from '../../../../src/pruning/select.ts'
import { createCounter } from '../../../../src/pruning/selection/counter.ts'
import { widened, type HalfType } from '../../../../src/pruning/selection/halves.ts'

/** The value as the formats define it: (-1)^s 2^(e - bias) (1 + f), subnormal ones without the 1. */
function valueOf (type: HalfType, pattern: number): number {
  const [fractionBits, bias] = type === 'F16' ? [10, 15] : [7, 127]
  const fraction = (pattern & 2 ** fractionBits - 1) / 2 ** fractionBits
  const exponent = (pattern & 0x7fff) >> fractionBits
  const sign = pattern >> 15 === 1 ? -1 : 1
  if (exponent === 2 ** (15 - fractionBits) - 1) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? 2 ** (1 - bias) * fraction : 2 ** (exponent - bias) * (1 + fraction))
}

test('each pattern stands where its value does among float32', () => {
  for (const type of ['F16', 'BF16'] as const) {
    for (let pattern = 0; pattern < 2 ** 15; pattern++) {
      const value = new Float32Array(new Int32Array([widened(type, pattern)]).buffer)[0]!
      assert.ok(Object.is(value, valueOf(type, pattern)), `${type} ${pattern.toString(16)}`)
      assert.equal(widened(type, pattern | 0x8000), widened(type, pattern))
    }
  }
})

type Tensor = Float32Array | Halves
const lengthOf = (tensor: Tensor) => tensor instanceof Float32Array ? tensor.length : tensor.bits.length
const copyOf = (tensor: Tensor): Tensor => tensor instanceof Float32Array ? tensor.slice() : { ...tensor, bits: tensor.bits.slice() }
const valuesOf = (tensor: Tensor): number[] => tensor instanceof Float32Array ? [...tensor] : Array.from(tensor.bits, (pattern) => valueOf(tensor.type, pattern))

const halves = (type: HalfType, finite: (pattern: number) => boolean) => fc.array(fc.oneof(fc.constantFrom(0, 0x8000, 1, 0x3c00, 0x3f80, 0xbc00), fc.nat(0xffff)).filter(finite), { maxLength: 40 })
  .map((patterns): Halves => ({ type, bits: Uint16Array.from(patterns) }))
const tensor: fc.Arbitrary<Tensor> = fc.oneof(
  halves('F16', (pattern) => (pattern & 0x7c00) !== 0x7c00),
  halves('BF16', (pattern) => (pattern & 0x7f80) !== 0x7f80),
  fc.array(fc.oneof(fc.constantFrom(0, -0, 1, -1, 2 ** -24), fc.float({ noNaN: true, noDefaultInfinity: true })), { maxLength: 40 }).map((values) => Float32Array.from(values))
)

function check (tensors: readonly Tensor[], pick: number): void {
  const own = tensors.map(copyOf)
  const all = own.flatMap(valuesOf)
  const count = pick % (all.length + 1)
  const gone = new Set(all.map((_, index) => index).sort((a, b) => Math.abs(all[a]!) - Math.abs(all[b]!) || a - b).slice(0, count))
  const cut = findCut(tensors.map((scores, index) => ({ name: `t${index}`, scores })), count)
  let [ties, begin] = [cut?.ties ?? 0, 0]
  for (const [index, one] of tensors.entries()) {
    const applied = one instanceof Float32Array ? applyCut(one, one, cut, ties) : applyCutToHalves(one, cut, ties)
    ties -= applied.ties
    const [before, want] = [valuesOf(own[index]!), valuesOf(own[index]!).map((value, at) => gone.has(begin + at) ? 0 : value)]
    assert.deepEqual(valuesOf(one), want)
    assert.deepEqual([applied.zerosBefore, applied.zeros], [before, want].map((values) => values.filter((value) => value === 0).length))
    begin += lengthOf(one)
  }
  if (cut !== null) assert.equal(cut.magnitude, all.map(Math.abs).sort((a, b) => a - b)[count - 1])
  assert.deepEqual(counted(own, count), cut)
}

/** The cut of the same tensors that come in pieces of three. */
function counted (tensors: readonly Tensor[], count: number) {
  const counter = createCounter()
  for (let pass = 0; pass < 2; pass++) {
    for (const [index, one] of tensors.entries()) {
      for (let start = 0; start < lengthOf(one); start += 3) {
        counter.add(`t${index}`, one instanceof Float32Array ? one.subarray(start, start + 3) : { ...one, bits: one.bits.subarray(start, start + 3) }, start)
      }
    }
    const cut = counter.cut(count)
    if (cut !== undefined) return cut
  }
  return assert.fail('two passes are enough')
}

describe('findCut of tensors of several types', () => {
  test('any few values', () => {
    fc.assert(fc.property(fc.array(tensor, { minLength: 1, maxLength: 5 }), fc.nat(), check), { numRuns: 200 })
  })

  test('enough for a sample, all types', () => {
    const patterns = (type: HalfType, length: number, mask: number): Halves => ({ type, bits: Uint16Array.from({ length }, (_, index) => index * 40_503 & mask) })
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const tensors = [patterns('F16', 9_000, 0xb3ff), Float32Array.from({ length: 12_345 }, (_, index) => Math.sin(index) / 3), patterns('BF16', 8_001, 0xbeff)]
      check(tensors, Math.floor(share * 29_346))
      check(tensors.filter((one) => !(one instanceof Float32Array)), Math.floor(share * 17_001))
    }
  })

  test('a NaN or an infinity is refused with its place', () => {
    for (const [type, pattern, name] of [['F16', 0x7e00, 'NaN'], ['F16', 0xfc00, '-Infinity'], ['BF16', 0x7f80, 'Infinity'], ['BF16', 0xff81, 'NaN']] as const) {
      const scores = { type, bits: Uint16Array.of(1, 2, pattern) }
      const error = { code: 'invalid-model', message: new RegExp(`h hold ${name} at position 2;`) }
      for (const count of [0, 2]) assert.throws(() => findCut([{ name: 'h', scores }], count), error)
      assert.throws(() => { createCounter().add('h', { type, bits: scores.bits.subarray(1) }, 1) }, error)
    }
  })
})
