/** Pruning without holding the weights against pruning in memory: every way of finding the cut, every type of number, ties anywhere. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeNumbers, roundedTo } from '../../../src/models/formats/encode.ts'
import { datatypeOf, decodeNumbers } from '../../../src/models/formats/hdf5/index.ts'
import { pruneMagnitude, type PoolTensor } from '../../../src/pruning/prune.ts'
import { findStreamedCut, type FindOptions } from '../../../src/pruning/streaming/find-cut.ts'
import { bfloat16Elements, float16Elements } from '../../../src/pruning/streaming/narrow.ts'
import type { Elements } from '../../../src/pruning/streaming/elements.ts'
import { pruneStreamed } from '../../../src/pruning/streaming/prune.ts'
import type { StreamedTensor } from '../../../src/pruning/streaming/tensor.ts'
import { float32Elements, scoredElements } from '../../../src/pruning/streaming/wide.ts'

type Type = 'float16' | 'bfloat16' | 'float32' | 'float64'

const ELEMENTS: Record<Type, Elements> = {
  float16: float16Elements, bfloat16: bfloat16Elements, float32: float32Elements, float64: scoredElements(8, (raw) => decodeNumbers(raw, datatypeOf('float64'))),
}

interface Given { readonly layer: string, readonly type: Type, readonly values: readonly number[], readonly sparsity?: number }

/** The raw elements of the numbers, which begin at any byte of their memory. */
function rawOf ({ type, values }: Given): Uint8Array {
  const raw = encodeNumbers(Float32Array.from(values), datatypeOf(type))
  const memory = new Uint8Array(raw.length + 1)
  memory.set(raw, 1)
  return memory.subarray(1)
}

function streamed (given: Given, index: number, piece: number, withAt: boolean): StreamedTensor & { readonly bytes: Uint8Array, reads: number } {
  const bytes = rawOf(given)
  const elements = ELEMENTS[given.type]
  const { size } = elements
  const tensor = {
    name: `${given.layer}/w${index}`, layer: given.layer, weights: given.values.length, shape: [given.values.length], elements, bytes, reads: 0,
    ...(given.sparsity !== undefined && { sparsity: given.sparsity }),
    async * raw () {
      tensor.reads++
      for (let at = 0; at < bytes.length; at += piece * size) yield bytes.subarray(at, at + piece * size)
    },
    ...(withAt && { at: async (first: number, count: number) => bytes.slice(first * size, (first + count) * size) }),
  }
  return tensor
}

const numbers = fc.oneof(
  fc.array(fc.constantFrom(0, -0, 0.5, -0.5, 1, 2, -2, 2 ** -20, 1e-30), { minLength: 1, maxLength: 60 }),
  fc.array(fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround), { minLength: 1, maxLength: 200 })
)
const given: fc.Arbitrary<Given> = fc.record({
  layer: fc.constantFrom('a', 'b', 'c'), type: fc.constantFrom<Type>('float16', 'bfloat16', 'float32', 'float64'), values: numbers, sparsity: fc.option(fc.constantFrom(0.25, 0.8), { nil: undefined }),
}).map(({ sparsity, ...rest }) => ({ ...rest, ...(sparsity !== undefined && { sparsity }) }))

const OPTIONS: readonly FindOptions[] = [
  {}, { room: 0 }, { room: 5 }, { room: 40, sampling: { runs: 3, length: 2 } }, { room: 40, sampling: { runs: 1, length: 1 } }, { room: 100, sampling: { runs: 20, length: 8 } },
]

test('the same zeros, counts and thresholds as in memory, however the cut is found', async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(given, { minLength: 1, maxLength: 5 }), fc.constantFrom('global', 'layer', 'erk'), fc.constantFrom(0, 0.1, 0.5, 0.9), fc.integer({ min: 1, max: 50 }), fc.boolean(), fc.constantFrom(...OPTIONS),
    async (tensors, scope, sparsity, piece, withAt, options) => {
      const pool = tensors.map((one, index): PoolTensor => ({
        name: `${one.layer}/w${index}`, layer: one.layer, values: roundedTo(Float32Array.from(one.values), one.type).slice(), ...(one.sparsity !== undefined && { sparsity: one.sparsity }),
      }))
      const before = pool.map(({ values }) => values.slice())
      const held = pruneMagnitude(pool, { sparsity, scope: scope as 'global' })
      const members = tensors.map((one, index) => streamed(one, index, piece, withAt))
      const { cuts, ...report } = await pruneStreamed(members, { sparsity, scope: scope as 'global', byMagnitude: true }, options)
      assert.deepEqual(report, held)
      for (const [index, { bytes, elements }] of members.entries()) {
        const cut = cuts[index]!
        const datatype = datatypeOf(tensors[index]!.type)
        const parts: number[] = []
        for (let first = 0; first < before[index]!.length; first += piece) {
          const part = bytes.subarray(first * elements.size, (first + piece) * elements.size)
          if (cut !== null && held.tensors[index]!.zeros !== held.tensors[index]!.zerosBefore) elements.cut(part, first, cut)
          parts.push(...part)
        }
        // The sign of a zero that was there stays where nothing of its tensor goes.
        const wanted = held.tensors[index]!.zeros === held.tensors[index]!.zerosBefore ? before[index]! : pool[index]!.values
        assert.deepEqual(decodeNumbers(Uint8Array.from(parts), datatype), wanted)
      }
    }
  ), { numRuns: 400 })
})

describe('readings', () => {
  const normal = Array.from({ length: 20_000 }, (_, index) => Math.sin(index * 12.9898) * Math.cos(index * 78.233))
  const find = async (options: FindOptions, withAt: boolean, values = normal) => {
    const tensor = streamed({ layer: 'a', type: 'float32', values }, 0, 1000, withAt)
    const { cut } = await findStreamedCut([tensor], values.length / 2, options)
    return { cut, reads: tensor.reads }
  }
  const sorted = Float32Array.from(normal, Math.abs).sort()

  test('one with a sample that fits, two without random access, more where one magnitude comes too often', async () => {
    const sampling = { runs: 200, length: 50 }
    const sampled = await find({ room: 4000, sampling }, true)
    assert.equal(sampled.reads, 1)
    assert.equal(sampled.cut!.magnitude, sorted[normal.length / 2 - 1])
    const counted = await find({ room: 4000, sampling }, false)
    assert.deepEqual(counted, { cut: sampled.cut, reads: 2 })
    assert.deepEqual(await find({ room: 0 }, false), { cut: sampled.cut, reads: 4 })
    const constant = await find({ room: 4000, sampling }, true, normal.map((value) => Math.sign(value) || 1))
    assert.deepEqual(constant.cut, { bits: 0x3f800000, magnitude: 1, ties: normal.length / 2 })
  })

  test('zeros take no room', async () => {
    const sparse = normal.map((value, index) => index % 10 < 7 ? 0 : value)
    const { cut, reads } = await find({ room: 100 }, false, sparse)
    assert.deepEqual(cut, { bits: 0, magnitude: 0, ties: normal.length / 2 })
    assert.equal(reads, 2)
  })
})
