/** Data set files against numpy's own reading of them, and files that are damaged or lie. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { EspalierError } from '../../../src/errors.ts'
import { bytesInMemory, type ByteSource } from '../../../src/models/bytes.ts'
import { writeZip, type ZipInput } from '../../../src/models/zip.ts'
import type { DatasetFile, ExampleArray, Split } from '../../../src/datasets/dataset.ts'
import { forwardSource } from '../../../src/datasets/forward-source.ts'
import { readDataset, sniffDataset, summarizeDataset } from '../../../src/datasets/index.ts'
import { assertExamples, expectationsOf, openDataset } from '../../support/dataset-files.ts'

const FOLDER = 'test/fixtures/datasets'
interface Expected { readonly shape: number[], readonly values: number[] }
const EXPECTED = JSON.parse(await readFile(`${FOLDER}/expected.json`, 'utf8')) as Record<string, Record<string, Expected>>

const open = async (name: string) => await readDataset(bytesInMemory(await readFile(`${FOLDER}/${name}`)))

async function assertSplit (split: Split | undefined, features: Expected[], targets: Expected[], what: string) {
  assert.ok(split !== undefined, what)
  assert.equal(split.features.length, features.length, what)
  for (const [index, expected] of [...features, ...targets].entries()) {
    const array: ExampleArray = [...split.features, ...split.targets][index]!
    assert.deepEqual([split.examples, ...array.shape], expected.shape, what)
    assert.deepEqual([...await array.read(0, split.examples)], expected.values, what)
    const row: number = expected.values.length / split.examples
    assert.deepEqual([...await array.read(1, 3)], expected.values.slice(row, 3 * row), what)
  }
}

async function zipOf (...inputs: ZipInput[]): Promise<ByteSource> {
  const all: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) all.push(piece)
  return bytesInMemory(Uint8Array.from(Buffer.concat(all)))
}

/** A .npy file by hand, so that its header may lie. */
function npy (descr: string, shape: string, data: Uint8Array, header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`): Uint8Array {
  const text = Buffer.from(header + '\n', 'latin1')
  return Uint8Array.from(Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY\x01\x00'), Buffer.from([text.length & 255, text.length >> 8]), text, data]))
}

async function refused (source: ByteSource, message: RegExp, code = 'invalid-dataset') {
  await assert.rejects(readDataset(source), (error) => {
    assert.ok(error instanceof EspalierError, String(error))
    assert.match(error.message, message)
    assert.equal(error.code, code)
    return true
  })
}

describe('npz', () => {
  test('every number type and byte order, stored and compressed, as numpy reads it', async () => {
    const names = Object.keys(EXPECTED).filter((name) => /^(little|big)|^version|^fortran/.test(name))
    assert.ok(names.length >= 23)
    for (const name of names) {
      const { splits, format, classes } = await open(name)
      assert.equal(format, 'npz')
      await assertSplit(splits.all, [EXPECTED[name]!.x!], [EXPECTED[name]!.y!], name)
      assert.equal(classes, name === 'fortran.npz' ? undefined : 3, name)
    }
  })

  test('train and test parts', async () => {
    const file = await open('split.npz')
    const { x_train: x, y_train: y, x_test: xTest, y_test: yTest } = EXPECTED['split.npz']!
    await assertSplit(file.splits.train, [x!], [y!], 'train')
    await assertSplit(file.splits.test, [xTest!], [yTest!], 'test')
    assert.deepEqual(summarizeDataset(file), { format: 'npz', examples: 27, features: [8, 8], targets: [1], classes: 4, splits: { train: 20, test: 7 }, inputs: { scale: 1 / 255, offset: 0 } })
    assert.deepEqual(summarizeDataset(file, { scale: 2, offset: 1 }).inputs, { scale: 2, offset: 1 })
  })

  test('several inputs and outputs, in the order of their numbers', async () => {
    const e = EXPECTED['several.npz']!
    await assertSplit((await open('several.npz')).splits.all, [e.x_0!, e.x_1!], [e.y_0!, e.y_1!], 'several')
  })

  test('other names that people use', async () => {
    const x = npy('<f4', '(2, 1)', new Uint8Array(8))
    const y = npy('|u1', '(2,)', new Uint8Array(2))
    const take = async (...names: [string, string]) => Object.keys((await readDataset(await zipOf({ name: `${names[0]}.npy`, content: x }, { name: `${names[1]}.npy`, content: y }))).splits)
    assert.deepEqual(await take('X', 'Y'), ['all'])
    assert.deepEqual(await take('test_images', 'test_labels'), ['test'])
    assert.deepEqual(await take('features', 'targets'), ['all'])
  })

  test('dtypes that hold no numbers are named', async () => {
    for (const [name, message] of [['objects', /x\.npy: holds Python objects, which are never unpickled/], ['structured', /x\.npy: holds structured records/], ['text', /x\.npy: has the dtype <U1/], ['complex', /<c8/]] as const) {
      await refused(bytesInMemory(await readFile(`${FOLDER}/${name}.npz`)), message)
    }
  })

  test('what is missing or does not fit together', async () => {
    const x = (rows: number) => ({ name: 'x.npy', content: npy('<f4', `(${rows}, 2)`, new Uint8Array(rows * 8)) })
    const y = (rows: number) => ({ name: 'y.npy', content: npy('|u1', `(${rows},)`, new Uint8Array(rows)) })
    await refused(await zipOf(x(3)), /holds x; it needs x and y/)
    await refused(await zipOf(x(3), y(4)), /x\.npy has 3 examples, y\.npy has 4/)
    await refused(await zipOf(x(0), y(0)), /holds no numbers/)
    await refused(await zipOf(x(1), y(1), { name: 'x_test.npy', content: x(1).content }, { name: 'y_test.npy', content: y(1).content }), /both whole and split/)
    await refused(await zipOf({ name: 'z.npy', content: x(1).content }), /holds z; it needs/)
  })

  test('headers that lie', async () => {
    const y = { name: 'y.npy', content: npy('|u1', '(2,)', new Uint8Array(2)) }
    const withX = async (content: Uint8Array) => await zipOf({ name: 'x.npy', content }, y)
    await refused(await withX(npy('<f4', '(2, 1000000000000)', new Uint8Array(8))), /takes 8000000000000 bytes, the file has 8/)
    await refused(await withX(npy('<f4', '(2, 99999999999999999999)', new Uint8Array(8))), /no memory holds/)
    await refused(await withX(npy('<f4', '(2, 4)', new Uint8Array(31))), /takes 32 bytes, the file has 31/)
    await refused(await withX(npy('<f4', '(-1, 4)', new Uint8Array(31))), /without fortran_order or shape/)
    await refused(await withX(npy('<f4', '()', new Uint8Array(4))), /without an axis that counts examples/)
    await refused(await withX(npy('', '', new Uint8Array(4), 'x'.repeat(60))), /structured/)
    await refused(await withX(new Uint8Array(20)), /no \.npy array/)
    await refused(await withX(npy('<f4', '(2, 4)', new Uint8Array(32)).slice(0, 40)), /ends within its header/)
  })
})

describe('npy', () => {
  const tables = expectationsOf('test/fixtures/tables')
  const x = npy('<f4', '(2, 1)', new Uint8Array(8))
  const y = npy('|u1', '(2,)', new Uint8Array(2))
  const partsOf = async (...names: string[]) => {
    const { format, splits } = await readDataset(await zipOf(...names.map((name) => ({ name, content: /x[^/]*$/.test(name) ? x : y }))))
    return [format, ...Object.entries(splits).map(([part, { features }]) => `${part} ${features.length}`)]
  }

  test('files in folders for train and test', async () => {
    const { splits, format, classes } = await openDataset('test/fixtures/tables/folders.zip')
    assert.equal(format, 'npy')
    for (const part of ['train', 'test'] as const) await assertExamples(splits[part], tables(`folders.zip/${part}`), part)
    assert.equal(classes, 1 + Math.max(...tables('folders.zip/train').targets[0]!.values, ...tables('folders.zip/test').targets[0]!.values))
  })

  test('what is taken as npz and what as npy', async () => {
    assert.deepEqual(await partsOf('x.npy', 'y.npy'), ['npz', 'all 1'])
    assert.deepEqual(await partsOf('x.npy', 'y.npy', 'README.md'), ['npy', 'all 1'])
    assert.deepEqual(await partsOf('data/x.npy', 'data/y.npy'), ['npy', 'all 1'])
    assert.deepEqual(await partsOf('train/x.npy', 'train/y.npy'), ['npy', 'train 1'])
    assert.deepEqual(await partsOf('a/b/x_test.npy', 'a/b/y_test.npy'), ['npy', 'test 1'])
    assert.deepEqual(await partsOf('train/x_0.npy', 'train/x_1.npy', 'train/y.npy', 'test/x_0.npy', 'test/x_1.npy', 'test/y.npy', 'license'), ['npy', 'train 2', 'test 2'])
  })

  test('what is missing is named as it is looked for', async () => {
    await refused(await zipOf({ name: 'data/x.npy', content: x }, { name: 'data/z.npy', content: y }), /the zip holds x, z; it needs x and y/)
    await refused(await zipOf({ name: 'data/x.npy', content: x }, { name: 'data/y.npy', content: y.subarray(0, 20) }), /data\/y\.npy: ends within its header/)
    await refused(await zipOf({ name: 'data/x.npy', content: x }, { name: 'data/y.bin', content: y }), /the zip holds data\/x\.npy, data\/y\.bin/, 'unsupported-format')
    await refused(await zipOf({ name: 'x/a.npy', content: x }, { name: 'y/a.npy', content: y }), /the zip holds x_a, y_a; it needs/)
  })
})

describe('idx', () => {
  test('single pairs: gzipped, in a compressed zip, plain', async () => {
    for (const [name, x, y] of [['pair-gz.zip', 'some_images_idx3_ubyte__gz', 'some_labels_idx1_ubyte__gz'], ['pair-deflated.zip', 'some_images_idx3_ubyte__gz', 'some_labels_idx1_ubyte__gz'], ['pair-plain.zip', 'a__idx3', 'b__idx1']] as const) {
      const file = await open(name)
      await assertSplit(file.splits.all, [EXPECTED[name]![x]!], [EXPECTED[name]![y]!], name)
      assert.equal(file.format, 'idx')
    }
  })

  test('a train and a t10k pair', async () => {
    const { splits, classes } = await open('both.zip')
    assert.deepEqual([splits.all, splits.train?.examples, splits.test?.examples, classes], [undefined, 9, 4, 3])
  })

  test('the Fashion-MNIST test images', async () => {
    const file = await readDataset(bytesInMemory(await readFile('examples/fashion-mnist-test.zip')))
    assert.deepEqual(summarizeDataset(file), { format: 'idx', examples: 10_000, features: [28, 28], targets: [], classes: 10, splits: { test: 10_000 }, inputs: { scale: 1 / 255, offset: 0 } })
    assert.deepEqual([...await file.splits.test!.targets[0]!.read(0, 8)], [9, 2, 1, 1, 6, 1, 4, 6])
    let sum = 0
    for (let from = 0; from < 10_000; from += 1000) for (const value of await file.splits.test!.features[0]!.read(from, from + 1000)) sum += value
    // numpy: images.sum()
    assert.equal(sum, 573_469_082)
  })

  test('damage is told, at the latest when the images are read', async () => {
    const whole = await readFile('examples/fashion-mnist-test.zip')
    const damaged = Uint8Array.from(whole)
    damaged[1_000_000]! ^= 0xff
    const file = await readDataset(bytesInMemory(damaged))
    await assert.rejects(async () => {
      for (let from = 0; from < 10_000; from += 1000) await file.splits.test!.features[0]!.read(from, from + 1000)
    }, { code: 'invalid-dataset' })
  })

  test('sizes that lie, and pairs that are none', async () => {
    const labels = { name: 'labels-idx1-ubyte', content: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 0, 1) }
    const images = (...bytes: number[]) => ({ name: 'images-idx2-ubyte', content: Uint8Array.from(bytes) })
    await refused(await zipOf(images(0, 0, 8, 2, 0, 0, 0, 2, 255, 255, 255, 255, 1, 2), labels), /images-idx2-ubyte: the shape \[2, 4294967295\] of uint8 takes 8589934602 bytes/)
    await refused(await zipOf(images(0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 1, 2, 3), labels), /has 3 examples, labels-idx1-ubyte has 2/)
    await refused(await zipOf(images(0, 0, 7, 2, 0, 0, 0, 0), labels), /is no idx file/)
    await refused(await zipOf(images(0, 0, 8, 9, 0, 0, 0, 0), labels), /9 axes/)
    await refused(await zipOf(labels), /a pair is one file of examples/)
  })
})

describe('readDataset', () => {
  test('says what a file is that is no data set', async () => {
    await refused(bytesInMemory(new Uint8Array()), /empty/, 'unsupported-format')
    await refused(bytesInMemory(npy('<f4', '(1,)', new Uint8Array(4))), /one \.npy array, features without targets; numpy\.savez puts x and y into one \.npz/, 'unsupported-format')
    await refused(bytesInMemory((await readFile('examples/lenet5.keras'))), /the zip holds metadata\.json, config\.json/, 'unsupported-format')
    await refused(await zipOf({ name: '__MACOSX/x.npy', content: new Uint8Array() }), /the zip holds nothing/, 'unsupported-format')
    assert.equal(await sniffDataset(bytesInMemory(await readFile(`${FOLDER}/both.zip`))), 'idx')
  })

  test('400 mutations of real files: an answer or an EspalierError', async () => {
    const files = await Promise.all((await readdir(FOLDER)).filter((name) => /npz|zip/.test(name)).map(async (name) => await readFile(`${FOLDER}/${name}`)))
    const change = fc.tuple(fc.nat(1_000_000), fc.nat(255))
    await fc.assert(fc.asyncProperty(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }), fc.option(fc.nat(1_000_000), { freq: 4 }), async (whole, changes, cut) => {
      const bytes = Uint8Array.from(cut === null ? whole : whole.subarray(0, cut % whole.length))
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value
      try {
        await readEverything(await readDataset(bytesInMemory(bytes)))
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code !== 'internal', String(error))
      }
    }), { numRuns: 400, seed: 20 })
  })
})

async function readEverything ({ splits }: DatasetFile) {
  for (const split of Object.values(splits) as Split[]) {
    for (const array of [...split.features, ...split.targets]) await array.read(0, split.examples)
  }
}

describe('forwardSource', () => {
  test('reads in any order give what random access gives', async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)
    const pieces = async function * () {
      for (let at = 0; at < bytes.length; at += 37) yield bytes.subarray(at, at + 37)
    }
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { maxLength: 8 }), async (reads) => {
      const source = forwardSource(bytes.length, pieces)
      const answers = await Promise.all(reads.map(async ([a, b]) => await source.read(Math.min(a, b), Math.abs(a - b))))
      answers.forEach((answer, index) => {
        const [a, b] = reads[index]!
        assert.deepEqual([...answer], [...bytes.subarray(Math.min(a, b), Math.max(a, b))])
      })
    }))
  })

  test('the end is checked by whoever makes the content', async () => {
    const source = forwardSource(2, async function * () {
      yield Uint8Array.of(1, 2)
      throw new EspalierError('invalid-dataset', 'wrong checksum')
    })
    assert.deepEqual([...await source.read(0, 1)], [1])
    await assert.rejects(source.read(1, 1), /wrong checksum/)
  })

  test('gzip is what zlib says it is', async () => {
    const [entry] = await (await import('../../../src/models/zip.ts')).openZip(bytesInMemory(await readFile(`${FOLDER}/pair-gz.zip`)))
    const bytes = gunzipSync(await (await entry!.source()).read(0, entry!.size))
    const file = await open('pair-gz.zip')
    assert.deepEqual([...await file.splits.all!.features[0]!.read(0, 9)], [...bytes.subarray(16)])
  })
})
