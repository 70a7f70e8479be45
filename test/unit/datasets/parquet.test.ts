/** Parquet against the numbers that pyarrow wrote, and files that are refused by column and row, or lie. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { EspalierError } from '../../../src/errors.ts'
import { readDataset, sniffDataset, summarizeDataset } from '../../../src/datasets/index.ts'
import { decompress } from '../../../src/datasets/formats/parquet/codecs.ts'
import { readHybrid } from '../../../src/datasets/formats/parquet/hybrid.ts'
import { readStruct } from '../../../src/datasets/formats/parquet/thrift.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { assertExamples, assertRefused, assertSurvivesDamage, expectationsOf, openDataset } from '../../support/dataset-files.ts'

const FOLDER = 'test/fixtures/tables'
const expected = expectationsOf(FOLDER)
const file = async (name: string) => Uint8Array.from(await readFile(`${FOLDER}/${name}.parquet`))

describe('parquet', () => {
  test('every number type, codec, page version, encoding and nullability, as pyarrow wrote it', async () => {
    for (const name of ['snappy', 'gzip', 'zstd', 'none', 'version2', 'version2-none', 'pages', 'format1', 'required', 'split'].map((one) => `${one}.parquet`)) {
      const { format, classes, splits } = await openDataset(`${FOLDER}/${name}`)
      await assertExamples(splits.all, expected(name), name)
      assert.deepEqual([format, classes], ['parquet', expected(name).classes], name)
    }
  })

  test('lists of one length are arrays, texts are names of classes, the index of pandas is none', async () => {
    for (const name of ['lists.parquet', 'images.parquet']) {
      const { splits, classNames } = await openDataset(`${FOLDER}/${name}`)
      await assertExamples(splits.all, expected(name), name)
      assert.deepEqual(classNames, expected(name).classNames)
    }
    const whole = await openDataset(`${FOLDER}/images.parquet`)
    assert.equal(whole.splits.all!.features[0]!.type, 'uint8')
    assert.deepEqual(summarizeDataset(whole), {
      format: 'parquet', examples: 60, features: [12], targets: [], classes: 3, classNames: ['cat', 'dog', 'größer'], splits: { all: 60 }, inputs: { scale: 1, offset: 0 },
    })
  })

  test('a row group is read without the others', async () => {
    const bytes = await file('none')
    const groups = await file('snappy')
    assert.equal(await sniffDataset(bytesInMemory(bytes)), 'parquet')
    const reads: number[] = []
    const dataset = await readDataset({ size: groups.length, async read (offset, length) { reads.push(offset); return groups.subarray(offset, offset + length) } })
    reads.length = 0
    await dataset.splits.all!.features[0]!.read(0, 5)
    const first = Math.max(...reads)
    reads.length = 0
    await dataset.splits.all!.features[0]!.read(55, 60)
    assert.ok(Math.min(...reads) > first, `${Math.min(...reads)} after ${first}`)
  })

  test('what is refused, by column and row', async () => {
    const cases: Array<[string, RegExp]> = [
      ['null', /^column "b", row 37 \(the first is 0\): a null/],
      ['null-target', /^column "y", row 0 .*: a null/],
      ['hole', /^column "a", row 5 .*: a null/],
      ['null-list', /^column "a", row 0 .*: an empty list or a null/],
      ['ragged', /^column "a", row 41 .*: a list of 11 values, row 0 has 12/],
      ['text', /^the column "note" holds texts and is not the target/],
      ['nested', /^the column "a" is a list of lists or structs/],
      ['struct', /^the column "a" is a struct/],
      ['map', /^the column "a" is MAP/],
      ['date', /^the column "when" is TIMESTAMP/],
      ['decimal', /^the column "a" is DECIMAL/],
      ['delta', /^column "y": the encoding DELTA_BINARY_PACKED is not read/],
      ['brotli', /^column "y": is compressed with BROTLI; snappy, gzip, zstd/],
      ['one', /^the table has one column, "y"; it needs features and a target/],
      ['two', /^the columns "y" and "label" are both named as the target/],
      ['empty', /^the table has no rows/],
    ]
    for (const [name, message] of cases) await assertRefused(bytesInMemory(await file(`refused-${name}`)), message)
  })

  test('footers that lie', async () => {
    const whole = await file('none')
    const footer = whole.length - 8
    const changed = (at: number, ...bytes: number[]) => whole.map((byte, index) => bytes[index - at] ?? byte)
    await assertRefused(bytesInMemory(whole.subarray(0, whole.length - 1)), /does not end with PAR1: it is cut off/)
    await assertRefused(bytesInMemory(whole.subarray(0, 8)), /ends too early/)
    await assertRefused(bytesInMemory(changed(footer, 0xff, 0xff, 0xff, 0x7f)), /the footer is declared as 2147483647 bytes/)
    await assertRefused(bytesInMemory(changed(footer, 9, 0, 0, 0)), /footer/)
    await assertRefused(bytesInMemory(Uint8Array.from(Buffer.from('PARE........PARE'))), /encrypted Parquet/, 'unsupported-format')
    const long = (...bytes: number[]) => bytesInMemory(Uint8Array.from([...Buffer.from('PAR1'), ...bytes, bytes.length, 0, 0, 0, ...Buffer.from('PAR1')]))
    await assertRefused(long(...new Array<number>(30).fill(0xff)), /a number of more than 64 bits|of the type 15/)
    await assertRefused(long(0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f), /ends within its metadata/)
    await assertRefused(long(...new Array<number>(60).fill(0x1c)), /nested too deep/)
    await assertRefused(long(0x15, 2, 0), /has no schema/)
    await assertRefused(long(0x28, 4, 1, 2, 3, 4, 0), /field 2 of its metadata is not a list of structs/)
  })

  test('runs take no more than is asked for, and end with the page', () => {
    assert.deepEqual([...readHybrid(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f, 7), 3, 5, 'x')], [7, 7, 7, 7, 7])
    // Encodings.md: 0 to 7 in three bits.
    assert.deepEqual([...readHybrid(Uint8Array.of(0x03, 0b10001000, 0b11000110, 0b11111010), 3, 8, 'x')], [0, 1, 2, 3, 4, 5, 6, 7])
    assert.deepEqual([...readHybrid(Uint8Array.of(4, 9, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x34, 0x12), 16, 1, 'x')], [0xff09])
    const bad: Array<[number[], number, RegExp]> = [
      [[], 1, /ends after 0 of 10 numbers/], [[6], 8, /ends after 0/], [[6, 1], 8, /ends after 3 of 10/], [[0, 1], 8, /an empty run/], [[1, 1], 8, /an empty run/],
      [[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 0, /more than 32 bits/], [[5, 1, 1], 8, /ends after 0/], [[6, 1], 33, /numbers of 33 bits/],
    ]
    for (const [bytes, width, message] of bad) assert.throws(() => readHybrid(Uint8Array.from(bytes), width, 10, 'x'), message)
    // Without a width nothing is read: 10 numbers of a claimed 4 thousand million are given at once.
    assert.deepEqual([...readHybrid(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 0, 10, 'x')], new Array(10).fill(0))
  })

  test('codecs give what is declared and no more', async () => {
    const { gzipSync } = await import('node:zlib')
    const bomb = gzipSync(new Uint8Array(50_000_000))
    await assert.rejects(decompress(2, bomb, 100, 'column "a"'), /column "a": a page is declared as 100 bytes and holds more/)
    await assert.rejects(decompress(2, gzipSync(new Uint8Array(9)), 10, 'column "a"'), /declared as 10 bytes and holds 9/)
    await assert.rejects(decompress(0, new Uint8Array(3), 2, 'column "a"'), /declared as 2 bytes and holds 3/)
    for (const codec of [1, 6]) await assert.rejects(decompress(codec, Uint8Array.of(1, 2, 3, 4), 100, 'column "a"'), { code: 'invalid-dataset' })
    await assert.rejects(decompress(3, new Uint8Array(3), 3, 'column "a"'), /is compressed with LZO/)
    await assert.rejects(decompress(99, new Uint8Array(3), 3, 'column "a"'), /is compressed with codec 99/)
  })

  test('any bytes are a struct, the beginning of one, or an EspalierError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        const read = readStruct(bytes, 'x')
        assert.ok(read === undefined || read.end <= bytes.length)
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code === 'invalid-dataset', String(error))
      }
    }), { numRuns: 2000, seed: 3 })
  })

  test('500 damaged files', async () => {
    const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.parquet'))
    await assertSurvivesDamage(await Promise.all(names.map(async (name) => await readFile(`${FOLDER}/${name}`))), 500)
  })
})
