/** Images that lie: chunks whose checksums are right and whose numbers are not, pixels that are too many, and JPEGs without an end. */
import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { big, joined, utf8 } from '../../fuzz/containers/container.ts'
import { headerChunk, pngOf, type PngChunk } from '../../fuzz/containers/png.ts'
import { fileIn, zipOf } from '../../fuzz/containers/zip.ts'
import { pathOf } from '../../support/fixtures.ts'
import { cuts, placeOf, refused, written, type Case } from '../case.ts'

const END: PngChunk = { type: 'IEND', data: new Uint8Array() }
const pixels = (bytes: Uint8Array): PngChunk => ({ type: 'IDAT', data: new Uint8Array(deflateSync(bytes)) })

/** 2 x 2 in grey: a filter and two pixels a line. */
const LINES = Uint8Array.of(0, 1, 2, 0, 3, 4)
const IHDR = headerChunk(2, 2)
const SOUND = pngOf([IHDR, pixels(LINES), END])

/** Two classes of one image each; the other one is sound. */
const of = (image: Uint8Array, other = SOUND): Uint8Array => zipOf([{ name: 'a/1.png', content: image }, { name: 'b/1.png', content: other }])

const bad = (name: string, image: Uint8Array): Case => refused(name, of(image), 'invalid-dataset')

const PNGS: ReadonlyArray<readonly [string, Uint8Array]> = [
  ['no pixels', pngOf([IHDR, END])], ['no end', pngOf([IHDR, pixels(LINES)])], ['no header', pngOf([pixels(LINES), END])], ['two headers', pngOf([IHDR, IHDR, pixels(LINES), END])],
  ['a header of 12 bytes', pngOf([{ type: 'IHDR', data: IHDR.data.subarray(0, 12) }, pixels(LINES), END])], ['no width', pngOf([headerChunk(0, 2), pixels(LINES), END])],
  ['3 bits', pngOf([headerChunk(2, 2, 3), pixels(LINES), END])], ['colour type 1', pngOf([headerChunk(2, 2, 8, 1), pixels(LINES), END])], ['interlace 7', pngOf([headerChunk(2, 2, 8, 0, [0, 0, 7]), pixels(LINES), END])],
  ['compression 1', pngOf([headerChunk(2, 2, 8, 0, [1, 0, 0]), pixels(LINES), END])], ['fewer lines', pngOf([IHDR, pixels(LINES.subarray(0, 3)), END])], ['more lines', pngOf([IHDR, pixels(new Uint8Array(100)), END])],
  ['a bomb of pixels', pngOf([IHDR, pixels(new Uint8Array(2 ** 24)), END])], ['the filter 9', pngOf([IHDR, pixels(written(LINES, 3, [9])), END])], ['pixels that are no deflate', pngOf([IHDR, { type: 'IDAT', data: LINES }, END])],
  ['pixels that are cut off', pngOf([IHDR, { type: 'IDAT', data: pixels(LINES).data.subarray(0, 5) }, END])], ['a critical chunk of nobody', pngOf([IHDR, { type: 'XXXX', data: LINES }, pixels(LINES), END])],
  ['a chunk of 4 GiB', written(SOUND, 33, big(2 ** 32 - 1, 4))], ['a chunk of 2 GiB', written(SOUND, 33, big(2 ** 31 - 1, 4))], ['a wrong checksum', written(SOUND, 29, [1, 2, 3, 4])],
  ['a transparent colour', pngOf([IHDR, { type: 'tRNS', data: Uint8Array.of(0, 1) }, pixels(LINES), END])],
  ['a palette of nothing', pngOf([headerChunk(2, 2, 8, 3), { type: 'PLTE', data: new Uint8Array() }, pixels(LINES), END])], ['no palette', pngOf([headerChunk(2, 2, 8, 3), pixels(LINES), END])],
  ['a palette of five bytes', pngOf([headerChunk(2, 2, 8, 3), { type: 'PLTE', data: new Uint8Array(5) }, pixels(LINES), END])], ['a place past the palette', pngOf([headerChunk(2, 2, 8, 3), { type: 'PLTE', data: new Uint8Array(6) }, pixels(LINES), END])],
  ['two palettes', pngOf([headerChunk(2, 2, 8, 3), { type: 'PLTE', data: new Uint8Array(6) }, { type: 'PLTE', data: new Uint8Array(6) }, pixels(LINES), END])],
]

export function imageCases (): Case[] {
  const good = new Uint8Array(readFileSync(pathOf('test/fixtures/images/colour.zip')))
  const jpeg = fileIn(good, 'dog/444.jpg')
  const progressive = fileIn(good, 'dog/progressive.jpg')
  const frame = placeOf(jpeg, Uint8Array.of(0xff, 0xc0))
  const scan = placeOf(jpeg, Uint8Array.of(0xff, 0xda))
  const jpegs = (image: Uint8Array): Uint8Array => of(image, jpeg)
  return [
    refused('the sound file', good, 'read'),
    refused('a sound PNG made by hand', of(SOUND), 'read'),
    ...cuts(good, { 'within the first entry': 60, 'in the middle': good.length >> 1, 'before the directory': placeOf(good, 'PK\x01\x02'), 'before the end record': placeOf(good, 'PK\x05\x06') }, 'invalid-dataset'),
    ...PNGS.map(([name, image]) => bad(`a PNG with ${name}`, image)),
    ...Object.entries({ 'within its signature': 5, 'within its header': 20, 'behind its header': 33, 'within its pixels': 45, 'one byte before its end': SOUND.length - 1 }).map(([name, at]) => bad(`a PNG cut off ${name}`, SOUND.slice(0, at))),
    refused('a PNG of 2^31 x 2^31', of(pngOf([headerChunk(2 ** 31 - 1, 2 ** 31 - 1), pixels(LINES), END])), 'limit-exceeded'),
    refused('a PNG of 4097 x 2048', of(pngOf([headerChunk(4097, 2048), pixels(LINES), END])), 'limit-exceeded'),
    refused('a JPEG of 65,535 x 65,535', jpegs(written(jpeg, frame + 5, [255, 255, 255, 255])), 'limit-exceeded'),
    refused('a JPEG of other sizes', jpegs(written(jpeg, frame + 5, [0, 1, 0, 1])), 'invalid-dataset'),
    refused('a JPEG of no height', jpegs(written(jpeg, frame + 5, [0, 0])), 'invalid-dataset'),
    refused('a JPEG of 12 bits', jpegs(written(jpeg, frame + 4, [12])), 'invalid-dataset'),
    refused('a JPEG of 200 components', jpegs(written(jpeg, frame + 9, [200])), 'invalid-dataset'),
    refused('a lossless JPEG', jpegs(written(jpeg, frame + 1, [0xc3])), 'invalid-dataset'),
    refused('a JPEG with a segment of no length', jpegs(written(jpeg, 4, [0, 0])), 'invalid-dataset'),
    refused('a JPEG with a segment longer than it', jpegs(written(jpeg, 4, [255, 255])), 'invalid-dataset'),
    refused('a JPEG without a scan', jpegs(joined(jpeg.subarray(0, scan), [0xff, 0xd9])), 'invalid-dataset'),
    refused('a JPEG without an end', jpegs(jpeg.slice(0, -2)), 'invalid-dataset'),
    refused('a JPEG of a thousand scans', jpegs(joined(progressive.subarray(0, -2), ...Array.from({ length: 1000 }, () => Uint8Array.of(0xff, 0xda, 0, 2)), [0xff, 0xd9])), 'limit-exceeded', 'invalid-dataset'),
    refused('a JPEG whose tables are zeros', jpegs(written(jpeg, placeOf(jpeg, Uint8Array.of(0xff, 0xc4)) + 4, new Uint8Array(20))), 'invalid-dataset', 'read'),
    refused('an image that is a text', of(utf8('no image')), 'invalid-dataset'),
    refused('an image of no bytes', of(new Uint8Array()), 'invalid-dataset'),
    refused('images of two sizes', of(pngOf([headerChunk(1, 1), pixels(Uint8Array.of(0, 1)), END])), 'invalid-dataset'),
    refused('an image in no folder', zipOf([{ name: '1.png', content: SOUND }]), 'invalid-dataset'),
    refused('an image twice', zipOf([{ name: 'a/1.png', content: SOUND }, { name: 'a/1.png', content: SOUND }]), 'invalid-dataset'),
    refused('an image that leads out', zipOf([{ name: '../a/1.png', content: SOUND }]), 'invalid-dataset'),
    refused('an image with a wrong checksum in the archive', zipOf([{ name: 'a/1.png', content: SOUND, crc: 1 }, { name: 'b/1.png', content: SOUND }]), 'invalid-dataset'),
    refused('a class of 1,000 letters', zipOf([{ name: `${'a'.repeat(1000)}/1.png`, content: SOUND }]), 'limit-exceeded'),
  ]
}
