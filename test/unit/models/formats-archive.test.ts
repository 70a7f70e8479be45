/** What is written in pieces and in any order: checksums, archives, attributes, numbers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { crc32 } from '../../../src/models/crc32.ts'
import { combine, ScatteredCrc } from '../../../src/models/formats/crc32-combine.ts'
import { encodeNumbers } from '../../../src/models/formats/encode.ts'
import { setTexts, textsOf } from '../../../src/models/formats/h5-attributes.ts'
import { datatypeOf, decodeNumbers, readHdf5, writeHdf5 } from '../../../src/models/formats/hdf5/index.ts'
import { emptyGroup } from '../../../src/models/formats/keras-spec.ts'
import { writeArchive } from '../../../src/models/formats/keras-archive.ts'
import { openZip } from '../../../src/models/zip.ts'
import { memorySink } from './formats-helpers.ts'

test('checksums of parts combine to that of the whole', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
    assert.equal(combine(crc32(a), crc32(b), b.length), crc32(Uint8Array.from([...a, ...b])))
  }))
})

test('pieces in any order, with gaps that count as zeros', () => {
  const piece = fc.record({ gap: fc.integer({ min: 0, max: 3000 }), bytes: fc.uint8Array({ maxLength: 200 }), order: fc.double({ noNaN: true }) })
  fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 0, max: 2000 }), (pieces, tail) => {
    let size = 0
    const placed = pieces.map(({ gap, bytes, order }) => {
      const offset = size + gap
      size = offset + bytes.length
      return { offset, bytes, order }
    })
    const whole = new Uint8Array(size + tail)
    const sum = new ScatteredCrc()
    for (const { offset, bytes } of [...placed].sort((a, b) => a.order - b.order)) {
      whole.set(bytes, offset)
      sum.add(offset, bytes)
    }
    assert.equal(sum.total(whole.length), crc32(whole))
  }))
})

test('a place that is written twice is an error', () => {
  const sum = new ScatteredCrc()
  sum.add(0, new Uint8Array(10))
  sum.add(5, new Uint8Array(3))
  assert.throws(() => sum.total(10), { code: 'internal' })
})

test('an archive with an HDF5 tree in it reads back, checksums included', async () => {
  const tree = emptyGroup()
  const values = Float32Array.from({ length: 5000 }, (_, index) => index % 7)
  tree.children.set('a', { kind: 'dataset', shape: [50, 100], datatype: datatypeOf('float32'), attributes: new Map(), compress: true, data: async () => new Uint8Array(values.buffer) })
  const sink = memorySink()
  const size = await writeArchive([{ name: 'one.txt', content: new TextEncoder().encode('one') }, { name: 'tree.h5', content: tree }, { name: 'empty', content: new Uint8Array() }], sink)
  const file = sink.file()
  assert.equal(size, file.length)
  const entries = await openZip(bytesInMemory(file))
  assert.deepEqual(entries.map(({ name, method }) => [name, method]), [['one.txt', 'stored'], ['tree.h5', 'stored'], ['empty', 'stored']])
  let read = 0
  for (const entry of entries) for await (const piece of entry.stream()) read += piece.length
  assert.equal(read, entries.reduce((sum, entry) => sum + entry.size, 0))
  const dataset = (await readHdf5(await entries[1]!.source())).children.get('a')
  assert.ok(dataset?.kind === 'dataset')
  assert.deepEqual(decodeNumbers(await dataset.read(), dataset.datatype), values)
})

test('lists of names above 64 KB are cut as Keras cuts them, and read back', async () => {
  for (const count of [0, 1, 300, 1000]) {
    const names = Array.from({ length: count }, (_, index) => `${'layer'.repeat(30)}_${index}_ü`)
    const spec = emptyGroup()
    setTexts(spec.attributes, 'layer_names', names)
    assert.equal(spec.attributes.has('layer_names'), count <= 300)
    for (const { raw } of spec.attributes.values()) assert.ok(raw.length <= 64_512)
    const sink = memorySink()
    await writeHdf5(spec, sink)
    assert.deepEqual(textsOf(await readHdf5(bytesInMemory(sink.file())), 'layer_names'), names)
  }
})

test('numbers: what a type can hold comes back, the rest is rounded to the nearest', () => {
  for (const type of ['float16', 'bfloat16', 'float32', 'float64'] as const) {
    const datatype = datatypeOf(type)
    fc.assert(fc.property(fc.array(fc.float(), { maxLength: 20 }), (list) => {
      const once = decodeNumbers(encodeNumbers(Float32Array.from(list), datatype), datatype)
      assert.deepEqual(decodeNumbers(encodeNumbers(once, datatype), datatype), once)
      list.forEach((value, at) => {
        const [range, step] = type === 'float16' ? [65_504, 2 ** -11] : type === 'bfloat16' ? [3e38, 2 ** -8] : [Infinity, 0]
        if (!Number.isFinite(value)) assert.ok(Object.is(once[at], value))
        else if (Math.abs(value) <= range) assert.ok(Math.abs(once[at]! - value) <= Math.max(Math.abs(value) * step, type === 'float16' ? 2 ** -25 : type === 'bfloat16' ? 2 ** -134 : 0), `${type} ${value} ${once[at]}`)
      })
    }))
  }
  // Half way between two numbers the even one is taken. Source: IEEE 754, 4.3.1.
  const half = (value: number) => decodeNumbers(encodeNumbers(Float32Array.of(value), datatypeOf('float16')), datatypeOf('float16'))[0]
  assert.deepEqual([2049, 2051, 65_519, 65_520, 2 ** -25, 3 * 2 ** -25].map(half), [2048, 2052, 65_504, Infinity, 0, 2 * 2 ** -24])
})

test('unchanged elements keep their bytes', () => {
  const datatype = datatypeOf('float64')
  const before = new Uint8Array(Float64Array.of(0.1, 0.2, 0.3).buffer)
  const values = decodeNumbers(before, datatype)
  values[1] = 0
  assert.deepEqual([...new Float64Array(encodeNumbers(values, datatype, before).buffer)], [0.1, 0, 0.3])
})
