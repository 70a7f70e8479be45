/** Huffman codes and packed tensors: round trips, lengths by the book and by the entropy, damage that is told. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { clusterValues } from '../../../src/pruning/cluster/cluster.ts'
import { codedBits, codeLengths, countSymbols, decodeSymbols, encodeSymbols } from '../../../src/pruning/cluster/huffman.ts'
import { entropyOf, packedBytes, packShared, unpackShared } from '../../../src/pruning/cluster/packed.ts'

const symbols = fc.array(fc.nat(20), { maxLength: 300 })

describe('Huffman codes', () => {
  test('the example of Cormen, Leiserson, Rivest and Stein', () => {
    // Introduction to Algorithms, 16.3: a to f with 45, 13, 12, 16, 9 and 5 thousand take 224,000 bits.
    const counts = Float64Array.of(45, 13, 12, 16, 9, 5)
    assert.deepEqual([...codeLengths(counts)], [1, 3, 3, 3, 4, 4])
    assert.equal(codedBits(counts, codeLengths(counts)), 224)
    // By hand, canonical: 0 -> 0, 1 -> 100, 2 -> 101, 3 -> 110, 4 -> 1110, 5 -> 1111.
    assert.deepEqual([...encodeSymbols([0, 1, 5, 4], codeLengths(counts))], [0b01001111, 0b11100000])
  })

  test('what is encoded decodes, within a bit of the entropy', () => {
    fc.assert(fc.property(symbols, (list) => {
      const counts = countSymbols(list, 21)
      const lengths = codeLengths(counts)
      const bytes = encodeSymbols(list, lengths)
      assert.deepEqual([...decodeSymbols(bytes, lengths, list.length)], list)
      const entropy = counts.reduce((bits, count) => count === 0 ? bits : bits - count * Math.log2(count / list.length), 0)
      const bits = codedBits(counts, lengths)
      assert.ok(bits >= entropy - 1e-6 && bits <= entropy + list.length + 1e-6)
      assert.equal(bytes.length, Math.ceil(bits / 8))
    }))
  })

  test('words are no longer than 31 bits, even of counts like those of Fibonacci', () => {
    const counts = [1, 1]
    while (counts.length < 60) counts.push(counts.at(-1)! + counts.at(-2)!)
    const lengths = codeLengths(Float64Array.from(counts))
    assert.ok(lengths.every((length) => length > 0 && length <= 31))
    assert.ok(lengths.reduce((sum, length) => sum + 2 ** -length, 0) <= 1)
    const list = Array.from({ length: 60 }, (_, symbol) => symbol)
    assert.deepEqual([...decodeSymbols(encodeSymbols(list, lengths), lengths, 60)], list)
  })

  test('damage is told, and never anything but a verdict', () => {
    const failed = { code: 'verification-failed' }
    assert.throws(() => decodeSymbols(Uint8Array.of(0), Uint8Array.of(1, 1, 1), 1), { ...failed, message: /no code/ })
    assert.throws(() => decodeSymbols(Uint8Array.of(0), Uint8Array.of(40), 1), { ...failed, message: /longer than 31/ })
    assert.throws(() => decodeSymbols(Uint8Array.of(0), Uint8Array.of(1), 2 ** 31), { ...failed, message: /do not fit/ })
    assert.throws(() => decodeSymbols(Uint8Array.of(0, 0), Uint8Array.of(1), 3), { ...failed, message: /1 bytes are left/ })
    assert.throws(() => decodeSymbols(Uint8Array.of(255, 255, 255, 255, 255), Uint8Array.of(1), 1), { ...failed, message: /not in the code/ })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 20 }), fc.nat(400), (bytes, lengths, count) => {
      try {
        assert.equal(decodeSymbols(bytes, lengths, count).length, count)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'verification-failed', String(error))
      }
    }))
  })
})

describe('packed tensors', () => {
  test('unpack to the very indices, whatever the zeros', () => {
    const tensor = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.array(fc.tuple(fc.nat(99), fc.integer({ min: -8, max: 8 })), { maxLength: 900 }))
    fc.assert(fc.property(tensor, ([density, list]) => {
      const made = clusterValues(Float32Array.from(list, ([chance, value]) => chance < density ? value : 0), { clusters: 6, init: 'linear', seed: 1 })
      const packed = packShared(made)
      assert.deepEqual(unpackShared(packed), made.indices)
      const least = entropyOf(made) * made.indices.length / 8
      if (packed.gaps === null) assert.ok(packedBytes(packed) >= least)
    }))
  })

  test('gaps wider than the span pass entries that are zero', () => {
    const indices = new Uint16Array(3000)
    indices[0] = 1
    indices[1500] = 2
    indices[2999] = 1
    const packed = packShared({ codebook: Float32Array.of(0, -1, 1), indices })
    assert.deepEqual(unpackShared(packed), indices)
    // 5 entries of zero stand between each two weights 1500 apart, at 256 a step; at 32 there were 46.
    assert.equal(packed.gaps!.lengths.length, packed.indices.count > 20 ? 32 : 256)
    assert.ok(packed.indices.count > 3)
    assert.ok(packedBytes(packed) < 400, String(packedBytes(packed)))
  })

  test('what does not fit together is refused', () => {
    const sparse = packShared(clusterValues(Float32Array.from({ length: 4000 }, (_, at) => at % 20 === 0 ? 1 + at % 3 : 0), { clusters: 3, init: 'linear', seed: 1 }))
    assert.notEqual(sparse.gaps, null)
    assert.throws(() => unpackShared({ ...sparse, size: 2000 }), { code: 'verification-failed', message: /lies behind the last of 2000/ })
    assert.throws(() => unpackShared({ ...sparse, gaps: null }), { code: 'verification-failed', message: /indices are given for 4000/ })
    assert.throws(() => unpackShared({ ...sparse, codebook: Float32Array.of(0, 1) }), { code: 'verification-failed', message: /none of the codebook/ })
  })
})
