/** Reading of HDF5 files, compared with what h5py reads from them. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { decodeNumbers, readHdf5, type AttributeValue } from '../../../src/models/formats/hdf5/index.ts'
import { decodeDoubles } from '../../../src/models/formats/hdf5/numbers.ts'
import { datasetAt, EXPECTED, fixture, objectsOf } from './hdf5-helpers.ts'

/** As expected.json was made: long texts by hash, numbers that JSON lacks as text. */
function plain (value: AttributeValue): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'string') return value.length > 300 ? `sha256:${createHash('sha256').update(value).digest('hex')}` : value
  return asJson(value)
}

function asJson (value: number): number | string {
  return Number.isNaN(value) ? 'nan' : Number.isFinite(value) ? value : value > 0 ? 'inf' : '-inf'
}

describe('reads what h5py reads', () => {
  for (const [name, objects] of Object.entries(EXPECTED)) {
    if (name === 'lzf') continue
    test(name, async () => {
      const root = await readHdf5(fixture(name))
      const found = new Map([...objectsOf(root)].map((object) => [object.path, object]))
      assert.deepEqual([...found.keys()].sort(), Object.keys(objects).sort())
      for (const [path, expected] of Object.entries(objects)) {
        const object = found.get(path)
        assert.ok(object)
        const attributes = Object.fromEntries([...object.attributes].map(([key, attribute]) => [key, plain(attribute.value)]))
        assert.deepEqual(attributes, expected.attributes, path)
        if (object.kind === 'group') {
          assert.deepEqual([...object.children.keys()], expected.children, path)
          continue
        }
        assert.deepEqual(object.shape, expected.shape, path)
        assert.equal(object.isNull, expected.null ?? false, path)
        if (expected.strings !== undefined) assert.deepEqual(plain(await object.strings()), expected.strings, path)
        if (expected.sha256 === undefined) continue
        const raw = await object.read()
        assert.equal(createHash('sha256').update(raw).digest('hex'), expected.sha256, path)
        const values = decodeDoubles(raw, object.datatype)
        assert.deepEqual(values.slice(0, 8).map(asJson), expected.first, path)
        const sum = values.reduce((total, value) => total + value, 0)
        if (typeof expected.sum === 'number') assert.ok(Math.abs(sum - expected.sum) <= 1e-9 * (1 + values.reduce((total, value) => total + Math.abs(value), 0)), path)
      }
    })
  }
})

test('children stand in order of creation when it is tracked', async () => {
  for (const name of ['groups', 'groups-latest']) {
    const root = await readHdf5(fixture(name))
    const ordered = root.children.get('ordered')
    assert.deepEqual(ordered?.kind === 'group' && [...ordered.children.keys()], ['zebra', 'ant', 'mole'])
    assert.deepEqual([...datasetAt(root, '/annotated').attributes.keys()].slice(0, 3), ['attribute_0', 'attribute_7', 'attribute_14'])
  }
})

test('chunks() gives the bytes of read() in pieces of whole elements', async () => {
  for (const name of ['chunks', 'chunks-latest', 'types']) {
    for (const object of objectsOf(await readHdf5(fixture(name)))) {
      if (object.kind === 'group') continue
      const whole = await object.read()
      const pieces: Uint8Array[] = []
      for await (const piece of object.chunks(100)) {
        assert.ok(piece.length <= Math.max(100, object.datatype.size) && piece.length % object.datatype.size === 0, object.path)
        pieces.push(piece)
      }
      assert.deepEqual(Buffer.concat(pieces), Buffer.from(whole), object.path)
    }
  }
})

test('a chunked dataset is read one row of chunks after the other', async () => {
  const pieces: number[] = []
  for await (const piece of datasetAt(await readHdf5(fixture('chunks')), '/every').chunks()) pieces.push(piece.length)
  assert.deepEqual(pieces, [8, 8, 8, 8, 5].map((rows) => rows * 23 * 4))
})

test('every kind of chunk index was met', async () => {
  const kinds = new Set<string>()
  for (const name of ['chunks', 'chunks-latest']) {
    for (const object of objectsOf(await readHdf5(fixture(name)))) {
      if (object.kind === 'dataset' && object.layout.kind === 'chunked') kinds.add(object.layout.index.kind)
    }
  }
  assert.deepEqual([...kinds].sort(), ['b-tree-1', 'b-tree-2', 'extensible-array', 'fixed-array', 'implicit', 'single'])
})

test('a contiguous dataset tells where its bytes lie', async () => {
  const source = fixture('models/lenet5')
  const bias = datasetAt(await readHdf5(source), '/model_weights/dense_3/lenet5/dense_3/bias')
  assert.equal(bias.layout.kind, 'contiguous')
  assert.ok(bias.layout.kind === 'contiguous' && bias.layout.offset !== undefined)
  assert.deepEqual(Uint8Array.from(await source.read(bias.layout.offset, bias.layout.size)), await bias.read())
})

test('half precision with subnormals and infinities, bfloat16, big endian', async () => {
  const root = await readHdf5(fixture('types'))
  const half = datasetAt(root, '/half')
  assert.deepEqual([...decodeNumbers(await half.read(), half.datatype)], [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 65504, Infinity, -Infinity])
  const brain = datasetAt(await readHdf5(fixture('bfloat16')), '/values')
  assert.deepEqual([...decodeNumbers(await brain.read(), brain.datatype)], [1, -2.5, Infinity])
  const big = datasetAt(root, '/numbers/be_f4')
  const expected = EXPECTED['types']?.['/numbers/be_f4']?.first
  assert.deepEqual([...decodeNumbers(await big.read(), big.datatype)].slice(0, 8), expected)
})

describe('refuses by name', () => {
  for (const [name, code, pattern] of [
    ['refused', 'unsupported-format', /"soft" is a soft link/],
    ['committed', 'unsupported-format', /\/kind: it is a committed/],
    ['cycle', 'invalid-model', /contains itself/],
  ] as const) {
    test(name, async () => {
      await assert.rejects(readHdf5(fixture(name)), { code, message: pattern })
    })
  }

  test('a filter that is not known', async () => {
    const values = datasetAt(await readHdf5(fixture('lzf')), '/values')
    await assert.rejects(values.read(), { code: 'unsupported-format', message: /lzf \(32000\)/ })
  })
})
