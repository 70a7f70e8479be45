/** Writing of HDF5 files: round trips through the reader, sizes, and the limits of the format. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  datatypeOf, decodeNumbers, fixedStringType, numberTypeOf, readHdf5, specOf, stringAttribute,
  type Hdf5Dataset, type Hdf5Group, type Hdf5GroupSpec, type Hdf5NodeSpec,
} from '../../../src/models/formats/hdf5/index.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { attributeOf } from '../../../src/models/formats/hdf5/attributes.ts'
import { fletcher32, lookup3 } from '../../../src/models/formats/hdf5/checksum.ts'
import { shuffle, unshuffle } from '../../../src/models/formats/hdf5/filters.ts'
import { chunkShapeOf } from '../../../src/models/formats/hdf5/write-dataset.ts'
import { datasetAt, EXPECTED, fixture, objectsOf, reread, written } from './hdf5-helpers.ts'

async function assertSame (a: Hdf5Group, b: Hdf5Group): Promise<void> {
  const others = new Map([...objectsOf(b)].map((object) => [object.path, object]))
  const all = [...objectsOf(a)]
  assert.equal(others.size, all.length)
  for (const object of all) {
    const other = others.get(object.path)
    assert.ok(other, object.path)
    assert.equal(other.kind, object.kind)
    assert.deepEqual([...other.attributes.keys()], [...object.attributes.keys()], object.path)
    for (const [name, { raw, items, ...rest }] of object.attributes) {
      const attribute = other.attributes.get(name)
      assert.deepEqual({ ...attribute, raw: undefined }, { ...rest, raw: undefined, ...(items !== undefined && { items }) }, `${object.path} ${name}`)
      if (items === undefined) assert.deepEqual(attribute?.raw, raw)
    }
    if (object.kind === 'dataset' && other.kind === 'dataset') await assertSameDataset(object, other)
  }
}

async function assertSameDataset (a: Hdf5Dataset, b: Hdf5Dataset): Promise<void> {
  assert.deepEqual([b.shape, b.isNull, b.datatype], [a.shape, a.isNull, a.datatype], a.path)
  if (a.datatype.kind === 'variable-string') assert.deepEqual(await b.items(), await a.items(), a.path)
  else assert.deepEqual(await b.read(), await a.read(), a.path)
}

describe('a file that was read is written back the same', () => {
  for (const name of Object.keys(EXPECTED)) {
    if (name === 'lzf') continue
    test(name, async () => {
      const root = await readHdf5(fixture(name))
      await assertSame(root, await reread(specOf(root)))
    })
  }

  test('and compressed', async () => {
    for (const name of ['models/mlp-keras2', 'chunks', 'types']) {
      const root = await readHdf5(fixture(name))
      await assertSame(root, await reread(specOf(root, (dataset) => ({ data: () => dataset.chunks(), compress: true }))))
    }
  })
})

test('LeNet-5 at 90 % zeros takes a sixth of the room its values took', async () => {
  const root = await readHdf5(fixture('lenet5.keras'))
  const pruned = async (dataset: Hdf5Dataset): Promise<Uint8Array> => {
    if (dataset.shape.length < 2) return await dataset.read()
    const values = decodeNumbers(await dataset.read(), dataset.datatype)
    const threshold = values.map(Math.abs).sort()[Math.floor(values.length * 0.9)] as number
    return new Uint8Array(values.map((value) => Math.abs(value) < threshold ? 0 : value).buffer)
  }
  const spec = specOf(root, (dataset) => ({ data: () => pruned(dataset), compress: true }))
  spec.children.delete('optimizer')
  const file = await written(spec)
  const values = 4 * 431_080
  assert.ok(file.length < values / 6, `${file.length} bytes`)
  const back = await readHdf5(bytesInMemory(file))
  for (const object of objectsOf(back)) {
    if (object.kind === 'dataset') assert.deepEqual(await object.read(), await pruned(datasetAt(root, object.path)), object.path)
  }
})

function group (children: Record<string, Hdf5NodeSpec>, attributes: Hdf5GroupSpec['attributes'] = new Map()): Hdf5GroupSpec {
  return { kind: 'group', attributes, children: new Map(Object.entries(children)) }
}

function floats (shape: number[], values: Float32Array, compress = false): Hdf5NodeSpec {
  return { kind: 'dataset', shape, datatype: datatypeOf('float32'), attributes: new Map(), compress, data: async () => new Uint8Array(values.buffer) }
}

test('a group of 3,000 datasets needs a B-tree of several levels', async () => {
  const children = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`tensor_${(i * 7919) % 3000}`, floats([1], Float32Array.of(i))]))
  const root = await reread(group(children))
  assert.deepEqual([...root.children.keys()], Object.keys(children).sort())
  assert.deepEqual(await datasetAt(root, '/tensor_0').read(), new Uint8Array(4))
})

test('long texts go to the heap, and names may be UTF-8', async () => {
  const long = 'ä{"config": 1}'.repeat(20_000)
  const fixed = attributeOf({ shape: [], isNull: false }, fixedStringType(200_000), new TextEncoder().encode('x'.repeat(150_000).padEnd(200_000, '\0')))
  const names = Array.from({ length: 3000 }, (_, i) => `layer_${i}`)
  const attributes = new Map([['config', stringAttribute(long)], ['schlüssel', stringAttribute('')], ['fixed', fixed], ['names', stringAttribute(names)]])
  const root = await reread(group({ group: group({}) }, attributes))
  assert.equal(root.attributes.get('config')?.value, long)
  assert.equal(root.attributes.get('schlüssel')?.value, '')
  assert.equal(root.attributes.get('fixed')?.value, 'x'.repeat(150_000))
  assert.equal(root.attributes.get('fixed')?.datatype.kind, 'variable-string')
  assert.deepEqual(root.attributes.get('names')?.value, names)
})

test('an attribute without room in a header message is refused by name', async () => {
  const numbers = attributeOf({ shape: [10_000], isNull: false }, datatypeOf('float64'), new Uint8Array(80_000))
  await assert.rejects(written(group({}, new Map([['history', numbers]]))), { code: 'limit-exceeded', message: /"history" of \/ has 80\d\d\d bytes/ })
})

test('a dataset must give exactly the bytes of its shape', async () => {
  for (const count of [0, 9, 11]) {
    for (const compress of [false, true]) {
      const scale = compress ? 3000 : 1
      await assert.rejects(written(group({ w: floats([10 * scale], new Float32Array(count * scale), compress) })), { code: 'shape-mismatch', message: /\/w/ })
    }
  }
})

test('every number type that is made anew reads back as itself', async () => {
  const types = ['float16', 'bfloat16', 'float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'bool'] as const
  assert.deepEqual(types.map((type) => numberTypeOf(datatypeOf(type))), types)
})

test('compressed data of any shape, in pieces of any size, reads back', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 })
  await fc.assert(fc.asyncProperty(sizes, fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 4 }), async (dims, step, divisor) => {
    const shape = [...dims, 64]
    const length = shape.reduce((a, b) => a * b, 1)
    fc.pre(length <= 400_000)
    const values = Float32Array.from({ length }, (_, i) => i % divisor === 0 ? i : 0)
    const bytes = new Uint8Array(values.buffer)
    async function * pieces (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += step * 8) yield bytes.subarray(at, at + step * 8)
    }
    const root = await reread(group({ w: { ...floats(shape, values, true) as Hdf5NodeSpec & { kind: 'dataset' }, data: pieces } }))
    assert.deepEqual(await datasetAt(root, '/w').read(), bytes)
  }), { numRuns: 12 })
})

test('chunks that would grow are stored as they are', async () => {
  // The high bits of a linear congruential generator: nothing for deflate to find.
  let state = 1
  const random = Uint8Array.from({ length: 1_500_000 }, () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 24)
  const noise: Hdf5NodeSpec = { kind: 'dataset', shape: [1_500_000], datatype: datatypeOf('uint8'), attributes: new Map(), compress: true, data: async () => random }
  const file = await written(group({ noise }))
  assert.ok(file.length < random.length + 5000)
  assert.deepEqual(await (datasetAt(await reread(group({ noise })), '/noise')).read(), random)
})

test('elements of few distinct values are stored whole, as they repeat; many are stored with their bytes apart', async () => {
  let state = 1
  const random = (below: number): number => Math.floor(((state = Math.imul(state, 1664525) + 1013904223 | 0) >>> 0) / 2 ** 32 * below)
  const stored = async (distinct: number): Promise<number> => {
    const shared = Float32Array.from({ length: distinct }, () => random(2 ** 24) / 2 ** 24 - 0.5)
    const values = Float32Array.from({ length: 60_000 }, () => shared[random(distinct)]!)
    const spec = group({ w: floats([60_000], values, true) })
    assert.equal(Buffer.compare(await datasetAt(await reread(spec), '/w').read(), new Uint8Array(values.buffer)), 0)
    return (await written(spec)).length
  }
  // Of 16 values an index takes 4 bits; with the four bytes of an element apart, deflate needs more than 4 bits for each of three of them.
  const sizes = [await stored(4), await stored(16), await stored(10_000)] as const
  assert.ok(sizes[0] < sizes[1] && sizes[1] < 60_000 && sizes[2] > 150_000, sizes.join())
})

test('chunk shapes are contiguous, near the aim, and cover the shape', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }), fc.constantFrom(1, 2, 4, 8), (shape, size) => {
    const { chunkShape, axis } = chunkShapeOf(shape, size)
    assert.ok(chunkShape.every((length, i) => i < axis ? length === 1 : i > axis ? length === shape[i] : length >= 1 && length <= (shape[i] as number)))
    assert.ok(chunkShape.reduce((product, length) => product * length, size) <= 512 * 1024)
  }))
})

test('lookup3 and Fletcher-32 give the published values', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  assert.equal(lookup3(bytes('')), 0xdeadbeef)
  assert.equal(lookup3(bytes('Four score and seven years ago')), 0x17770551)
  assert.equal(fletcher32(Uint8Array.of(0, 1, 0, 2)), (4 << 16 | 3) >>> 0)
})

test('unshuffle undoes shuffle', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 9 }), (bytes, size) => {
    assert.deepEqual(unshuffle(shuffle(bytes, size), size), bytes)
  }))
})
