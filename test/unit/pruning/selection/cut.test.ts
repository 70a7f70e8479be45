/** The cut of float32 tensors against a sort: any values, views and sizes, and arrangements that mislead a sample. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { uniformAt } from '../../../../src/pruning/draws.ts'
import { applyCut, assertFinite, findCut } from '../../../../src/pruning/select.ts'
import { sampleOf, guessBracket } from '../../../../src/pruning/selection/bracket.ts'
import { bitsOf } from '../../../../src/pruning/selection/cut-point.ts'

const random = (length: number, seed = 1) => Float32Array.from({ length }, (_, index) => (uniformAt(seed, index) - 0.5) * uniformAt(seed, index, 1))

/** Prunes tensors to `count` zeros and says what it counted. */
function prune (tensors: readonly Float32Array[], count: number, scores: readonly Float32Array[] = tensors) {
  const cut = findCut(tensors.map((_, index) => ({ name: `t${index}`, scores: scores[index]! })), count)
  let ties = cut?.ties ?? 0
  const counts = tensors.map((values, index) => {
    const applied = applyCut(values, scores[index]!, cut, ties)
    ties -= applied.ties
    return { zerosBefore: applied.zerosBefore, zeros: applied.zeros }
  })
  return { cut, counts }
}

/** The definition: all positions sorted by magnitude, equal ones in their order (typed arrays sort numbers, not positions, hence the keys). */
function expected (tensors: readonly Float32Array[], count: number, scores: readonly Float32Array[] = tensors): Float32Array[] {
  const magnitudes = scores.flatMap((one) => Array.from(one, Math.abs))
  const order = magnitudes.map((_, index) => index).sort((a, b) => magnitudes[a]! - magnitudes[b]! || a - b)
  const gone = new Set(order.slice(0, count))
  let begin = 0
  return tensors.map((values) => {
    const kept = values.map((value, index) => gone.has(begin + index) ? 0 : value)
    begin += values.length
    return kept
  })
}

const zerosIn = (values: Float32Array) => values.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0)
const bytes = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)

function check (tensors: readonly Float32Array[], count: number, scores?: readonly Float32Array[]): void {
  const own = tensors.map((values) => values.slice())
  const want = expected(own, count, scores)
  const { cut, counts } = prune(tensors, count, scores)
  for (const [index, values] of tensors.entries()) {
    assert.ok(bytes(values).equals(bytes(want[index]!)), `tensor ${index}, ${count} zeros`)
    assert.deepEqual(counts[index], { zerosBefore: zerosIn(own[index]!), zeros: zerosIn(want[index]!) })
  }
  const sorted = (scores ?? own).flatMap((one) => [...one]).map(Math.abs).sort((a, b) => a - b)
  if (count === 0) return assert.equal(cut, null)
  assert.equal(cut!.magnitude, sorted[count - 1])
  assert.equal(cut!.ties, count - sorted.filter((value) => value < cut!.magnitude).length)
  assert.equal(cut!.equal, sorted.filter((value) => value === cut!.magnitude).length)
}

const value = fc.oneof(
  fc.constantFrom(0, -0, 0.5, -0.5, 1e-45, -1e-45, 1.1754943508222875e-38, 3.4028234663852886e38, -3.4028234663852886e38),
  fc.float({ noNaN: true, noDefaultInfinity: true })
)
/** Begins at any float, ends in any of the 16 lanes of a turn. */
const view = fc.tuple(fc.array(value, { maxLength: 80 }), fc.nat(5)).map(([values, offset]) => Float32Array.from([...new Array<number>(offset).fill(7), ...values]).subarray(offset))

describe('findCut and applyCut', () => {
  test('any few values, in several views', () => {
    fc.assert(fc.property(fc.array(view, { minLength: 1, maxLength: 5 }), fc.nat(), (tensors, pick) => {
      check(tensors, pick % (tensors.reduce((sum, { length }) => sum + length, 0) + 1))
    }), { numRuns: 500 })
  })

  test('scores that are other tensors', () => {
    fc.assert(fc.property(view, fc.nat(), (scores, pick) => {
      const values = Float32Array.from(scores, (_, index) => index % 3 - 1)
      check([values], pick % (scores.length + 1), [scores])
    }))
  })

  test('more than a sample and a piece: several sizes, and all counts about them', () => {
    for (const lengths of [[4097], [32_768, 5, 32_784], [70_001, 33]]) {
      const total = lengths.reduce((sum, length) => sum + length, 0)
      for (const count of [0, 1, 2, Math.floor(total / 2), Math.floor(0.9 * total + 0.5), total - 1, total]) check(lengths.map((length, index) => random(length, index)), count)
    }
  })

  const size = 50_000
  const arrangements: Readonly<Record<string, (index: number) => number>> = {
    ascending: (index) => index + 1,
    descending: (index) => size - index,
    'two values, in turns': (index) => index % 2 + 1,
    'all equal': () => -0.25,
    'all zero of both signs': (index) => index % 2 === 0 ? 0 : -0,
    'constant blocks': (index) => Math.floor(index / 5000) + 1,
    'nine of ten zero': (index) => index % 10 === 0 ? Math.sin(index) : 0,
    'half zero and half one': (index) => index < size / 2 ? 0 : 1,
    'a magnitude of its own in the least bits': (index) => 1 + (index * 7919 % size) * 2 ** -23,
    subnormal: (index) => (index % 4001) * 2 ** -149,
    'over all exponents': (index) => (-1) ** index * 2 ** (index % 250 - 125) * (1 + uniformAt(3, index)),
  }
  for (const [name, make] of Object.entries(arrangements)) {
    test(`${name}: every share`, () => {
      for (const share of [0.0001, 0.1, 0.5, 0.89999, 0.9, 0.90001, 0.99, 1]) check([Float32Array.from({ length: size }, (_, index) => make(index))], Math.floor(share * size))
    })
  }

  test('where every sampled element misleads: the magnitude is found by counting all', () => {
    const values = random(size)
    const marks = new Float32Array(size)
    const sample = sampleOf([bitsOf(marks)], size)!
    // Which elements are sampled is told by marking one after another bit of their positions.
    const places = new Int32Array(sample.length)
    for (let bit = 0; 2 ** bit < size; bit++) {
      for (let index = 0; index < size; index++) marks[index] = index >> bit & 1
      for (const [at, mark] of sampleOf([bitsOf(marks)], size)!.entries()) if (mark !== 0) places[at]! += 2 ** bit
    }
    for (const place of places) values[place] = 3
    for (const other of [100, values.length >> 1]) values[other] = 5
    const { low, high } = guessBracket(sampleOf([bitsOf(values)], size), size, size >> 1, 8)
    assert.equal(high - low, 2, 'all that the sample shows is one magnitude')
    check([values.slice()], size >> 1)
    // And a bracket that holds most of all.
    for (const [at, place] of places.entries()) values[place] = at % 2 === 0 ? 0 : 1
    check([values], size >> 1)
  })

  test('a NaN or an infinity anywhere is refused with its place, whatever the count', () => {
    for (const length of [5, 16, 40_000]) {
      for (const wrong of [NaN, -NaN, Infinity, -Infinity]) {
        for (const place of [0, 3, length - 1]) {
          for (const count of [0, 1, length >> 1, length]) {
            const values = random(length)
            values[place] = wrong
            assert.throws(() => findCut([{ name: 'good', scores: random(20) }, { name: 'bad', scores: values }], count), { code: 'invalid-model', message: new RegExp(`bad hold ${wrong} at position ${place};`) })
          }
        }
      }
    }
    assert.doesNotThrow(() => { assertFinite('w', Float32Array.of(3.4028234663852886e38, -0, 1e-45)) })
  })

  test('nothing outside a view changes', () => {
    const buffer = random(40_100)
    const before = buffer.slice()
    const values = buffer.subarray(37, 40_037)
    prune([values], 36_000)
    assert.equal(zerosIn(values), 36_000)
    assert.ok(bytes(buffer.subarray(0, 37)).equals(bytes(before.subarray(0, 37))))
    assert.ok(bytes(buffer.subarray(40_037)).equals(bytes(before.subarray(40_037))))
  })
})
