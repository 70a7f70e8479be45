/** Zips of images against the pixels that Pillow reads in them, and images that are refused by name. */
import { before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { deflateSync } from 'node:zlib'
import { readDataset, sniffDataset, summarizeDataset } from '../../../src/datasets/index.ts'
import { crc32 } from '../../../src/models/crc32.ts'
import { bytesInMemory, type ByteSource } from '../../../src/models/bytes.ts'
import { openZip } from '../../../src/models/zip.ts'
import { assertExamples, assertRefused, assertSurvivesDamage, expectationsOf, openDataset, zipOf } from '../../support/dataset-files.ts'

const FOLDER = 'test/fixtures/images'
const expected = expectationsOf(FOLDER)

function chunk (type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}

interface Lies { width?: number, height?: number, depth?: number, colour?: number, compression?: number, interlace?: number, data?: Uint8Array, more?: Buffer[], end?: boolean }

/** A PNG by hand, 2 x 2 grey pixels unless told otherwise, so that it may lie. */
function png ({ width = 2, height = 2, depth = 8, colour = 0, compression = 0, interlace = 0, data = deflateSync(new Uint8Array(6)), more = [], end = true }: Lies = {}): Uint8Array {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([depth, colour, compression, 0, interlace], 8)
  return Uint8Array.from(Buffer.concat([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), chunk('IHDR', head), ...more, chunk('IDAT', data), ...end ? [chunk('IEND', new Uint8Array())] : []]))
}

const one = async (content: Uint8Array, name = 'a/1.png'): Promise<ByteSource> => await zipOf({ name, content })

describe('images', () => {
  const samples = new Map<string, Uint8Array>()
  const sample = (name: string): Uint8Array => samples.get(name)!

  before(async () => {
    for (const entry of await openZip(bytesInMemory(await readFile(`${FOLDER}/samples.zip`)))) samples.set(entry.name, await (await entry.source()).read(0, entry.size))
  })

  test('pixels are those that Pillow reads: all types of PNG, JPEGs by libjpeg-turbo', async () => {
    for (const name of ['grey.zip', 'colour.zip']) {
      const { format, splits, classes, classNames } = await openDataset(`${FOLDER}/${name}`)
      const facts = expected(`${name}/all`)
      assert.deepEqual([format, classes, classNames], ['images', facts.classes, facts.classNames])
      await assertExamples(splits.all, facts, name)
      assert.equal(splits.all!.features[0]!.type, 'uint8')
    }
  })

  test('train and test parts, and their summary', async () => {
    const file = await openDataset(`${FOLDER}/parts.zip`)
    for (const part of ['train', 'test'] as const) await assertExamples(file.splits[part], expected(`parts.zip/${part}`), part)
    assert.deepEqual(summarizeDataset(file), {
      format: 'images', examples: 12, features: [9, 11, 1], targets: [], classes: 3, classNames: ['x', 'y', 'z'], splits: { train: 9, test: 3 }, inputs: { scale: 1 / 255, offset: 0 },
    })
  })

  test('one colour image gives all of them three channels', async () => {
    const zip = await zipOf({ name: 'a/1.png', content: sample('grey.png') }, { name: 'b/2.jpg', content: sample('colour.jpg') })
    const { splits } = await readDataset(zip)
    assert.deepEqual(splits.all!.features[0]!.shape, [9, 11, 3])
    const grey = await splits.all!.features[0]!.read(0, 1)
    const alone = await (await readDataset(await one(sample('grey.png')))).splits.all!.features[0]!.read(0, 1)
    assert.deepEqual([...grey], [...alone].flatMap((value) => [value, value, value]))
  })

  test('a transparent colour that no pixel has is no harm', async () => {
    const { splits } = await readDataset(await one(sample('key.png')))
    assert.equal((await splits.all!.features[0]!.read(0, 1)).length, 9 * 11 * 3)
  })

  test('more images than are decoded at once, in any order', async () => {
    const inputs = Array.from({ length: 600 }, (_, index) => ({ name: `${index % 2}/${String(index).padStart(3, '0')}.png`, content: png({ data: deflateSync(Uint8Array.of(0, index % 251, 0, 0, 0, 7)) }) }))
    const { splits } = await readDataset(await zipOf(...inputs))
    const { examples, features, targets } = splits.all!
    assert.equal(examples, 600)
    const labels = await targets[0]!.read(0, 600)
    for (const row of [599, 0, 299, 300, 256, 255, 511, 512]) {
      const index = row < 300 ? 2 * row : 2 * (row - 300) + 1
      assert.deepEqual([...await features[0]!.read(row, row + 1), labels[row]], [index % 251, 0, 0, 7, index % 2], `${row}`)
    }
    const some = await features[0]!.read(100, 590)
    assert.equal(some.length, 490 * 4)
    assert.equal(some[4 * 200], 1)
  })

  test('folders: depth, classes named as parts are, names that are none', async () => {
    const image = png()
    const take = async (...names: string[]) => {
      const { splits, classNames } = await readDataset(await zipOf(...names.map((name) => ({ name, content: image }))))
      return [classNames, Object.fromEntries(Object.entries(splits).map(([part, { examples }]) => [part, examples]))]
    }
    assert.deepEqual(await take('data/train/cat/1.png', 'data/test/cat/1.png', 'data/test/dog/1.png'), [['cat', 'dog'], { train: 1, test: 2 }])
    assert.deepEqual(await take('car/1.png', 'train/1.png'), [['car', 'train'], { all: 2 }])
    assert.deepEqual(await take('Test/__proto__/1.png', 'Test/constructor/1.png', 'LICENSE'), [['__proto__', 'constructor'], { test: 2 }])
    assert.deepEqual(await take('cat/idx1.png', 'cat/ubyte.png', '__MACOSX/cat/._1.png'), [['cat'], { all: 2 }])
    const refuse = async (names: string[], message: RegExp) => { await assertRefused(await zipOf(...names.map((name) => ({ name, content: image }))), message) }
    await refuse(['1.png', '2.png'], /^1\.png lies in no folder/)
    await refuse(['cat/1.png', 'more/dog/1.png'], /^cat\/1\.png and more\/dog\/1\.png lie in different ways/)
    await refuse(['train/cat/1.png', 'cat/1.png'], /lie in different ways/)
    await refuse(['train/1.png', 'test/1.png'], /^train\/1\.png lies in train\/ without a folder of its class/)
    await assertRefused(await zipOf({ name: `${'x'.repeat(300)}/1.png`, content: image }), /has 300 characters/, 'limit-exceeded')
  })

  test('images that are refused', async () => {
    const cases: Array<[string, RegExp]> = [
      ['transparent.png', /^a\/transparent\.png: the pixel at 5, 2 is transparent; put such images on a background/],
      ['key-hit.png', /^a\/key-hit\.png: the pixel at 7, 4 is transparent/],
      ['palette-alpha.png', /^a\/palette-alpha\.png: the pixel at \d+, \d+ is transparent/],
      ['sixteen.png', /^a\/sixteen\.png: 16 bits per sample/],
      ['cmyk.jpg', /^a\/cmyk\.jpg: 4 components \(CMYK\?\)/],
    ]
    for (const [name, message] of cases) await assertRefused(await one(sample(name), `a/${name}`), message)
    await assertRefused(await zipOf({ name: 'a/1.png', content: sample('grey.png') }, { name: 'b/2.png', content: sample('larger.png') }), /^a\/1\.png has 11 x 9 pixels, b\/2\.png has 12 x 9; images of one size are read, nothing is resized/)
    await assertRefused(await one(sample('animation.gif'), 'a/1.png'), /^a\/1\.png: is neither PNG nor JPEG/)
    await assertRefused(await one(sample('animation.gif'), 'a/1.gif'), /the zip holds a\/1\.gif/, 'unsupported-format')
    await assertRefused(await zipOf({ name: 'a/1.png', content: png() }, { name: 'a/labels.csv', content: new Uint8Array(3) }), /the zip holds a\/1\.png, a\/labels\.csv/, 'unsupported-format')
    assert.equal(await sniffDataset(await one(png())), 'images')
  })

  test('PNGs that lie', async () => {
    const bomb = deflateSync(new Uint8Array(50_000_000))
    const cases: Array<[Uint8Array, RegExp]> = [
      [png({ data: bomb }), /its pixels take 6 bytes, it holds more/],
      [png({ data: deflateSync(new Uint8Array(5)) }), /its pixels take 6 bytes, it holds 5/],
      [png({ data: new Uint8Array(9) }), /the compressed data are damaged/],
      [png({ width: 0 }), /0 x 2 pixels/],
      [png({ depth: 3 }), /colour type 0, 3 bits/],
      [png({ colour: 5 }), /colour type 5/],
      [png({ colour: 2, depth: 4 }), /colour type 2, 4 bits/],
      [png({ compression: 1 }), /compression 1/],
      [png({ interlace: 2 }), /interlace 2/],
      [png({ colour: 3 }), /has no palette/],
      [png({ colour: 3, more: [chunk('PLTE', new Uint8Array(4))] }), /has no palette/],
      [png({ colour: 3, more: [chunk('PLTE', new Uint8Array(3))], data: deflateSync(Uint8Array.of(0, 0, 1, 0, 0, 0)) }), /colour 1 of a palette of 1/],
      [png({ data: deflateSync(Uint8Array.of(0, 0, 0, 5, 0, 0)) }), /has the filter 5/],
      [png({ more: [chunk('ABCD', new Uint8Array(1))] }), /the chunk "ABCD" is not known/],
      [png({ more: [chunk('IHDR', new Uint8Array(13))] }), /the chunk IHDR comes twice/],
      [png({ end: false }), /ends before its IEND chunk/],
      [png().subarray(0, 30), /ends within its header/],
      [png().subarray(0, 45), /the chunk "IDAT" is declared as \d+ bytes, \d+ are left|ends before/],
      [png().map((byte, index) => index === 45 ? byte ^ 1 : byte), /the checksum of the chunk IDAT is wrong/],
      [png().map((byte, index) => index === 11 ? 14 : byte), /does not begin with an IHDR chunk of 13 bytes/],
    ]
    for (const [content, message] of cases) await assertRefused(await one(content), message)
    for (const [width, height] of [[65_536, 65_536], [2 ** 32 - 1, 1], [4097, 2048]] as const) {
      await assertRefused(await one(png({ width, height })), new RegExp(`^a/1\\.png: ${width} x ${height} pixels, at most 8388608`), 'limit-exceeded')
    }
  })

  test('JPEGs that lie', async () => {
    const whole = Uint8Array.from(sample('colour.jpg'))
    const frame = whole.findIndex((byte, index) => byte === 0xff && whole[index + 1] === 0xc0)
    const scan = whole.findIndex((byte, index) => byte === 0xff && whole[index + 1] === 0xda)
    const changed = (at: number, ...bytes: number[]) => whole.map((byte, index) => bytes[index - at] ?? byte)
    const jpegs: Array<[Uint8Array, RegExp]> = [
      [whole.subarray(0, whole.length - 20), /ends before its end marker/],
      [whole.subarray(0, frame + 4), /ends within its header/],
      [whole.subarray(0, 3), /ends within its header/],
      [changed(frame + 1, 0xc9), /arithmetic-coded/],
      [changed(frame + 1, 0xc3), /lossless/],
      [changed(frame + 4, 12), /12 bits per sample/],
      [changed(frame + 5, 0, 0), /11 x 0 pixels/],
      [changed(frame + 9, 2), /2 components/],
      [changed(frame + 1, 0xda), /has no frame header/],
      [changed(2, 0x00), /neither PNG nor JPEG/],
      [changed(4, 0, 1), /a segment of 1 bytes/],
      [changed(frame, 0x12), /there is no marker/],
      [changed(frame + 11, 0x51), /cannot be decoded/],
      [changed(scan + 4, 0), /cannot be decoded/],
    ]
    for (const [content, message] of jpegs) await assertRefused(await one(content), message)
    await assertRefused(await one(changed(frame + 5, 0xff, 0xff, 0xff, 0xff)), /65535 x 65535 pixels/, 'limit-exceeded')
    const scans = Buffer.concat([whole.subarray(0, -2), ...Array.from({ length: 101 }, () => Uint8Array.of(0xff, 0xda)), Uint8Array.of(0xff, 0xd9)])
    await assertRefused(await one(Uint8Array.from(scans)), /more than 100 scans/, 'limit-exceeded')
    // The decoder is as good as before.
    await assertExamples((await openDataset(`${FOLDER}/colour.zip`)).splits.all, expected('colour.zip/all'), 'after damage')
  })

  test('300 damaged zips', async () => {
    await assertSurvivesDamage(await Promise.all(['grey.zip', 'colour.zip', 'parts.zip'].map(async (name) => await readFile(`${FOLDER}/${name}`))), 300)
  })
})
