/** Data sets of arrays that lie: headers of npy and idx, shapes that overflow, and arrays that do not go together. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { big, joined, utf8 } from '../../fuzz/containers/container.ts'
import { dictOf, npyOf } from '../../fuzz/containers/npy.ts'
import { filesOf, zipOf, type ZipFile } from '../../fuzz/containers/zip.ts'
import { pathOf } from '../../support/fixtures.ts'
import { cuts, placeOf, refused, type Case } from '../case.ts'

const fixture = (folder: string, name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(`test/fixtures/${folder}/${name}`)))
const bad = (name: string, file: Uint8Array): Case => refused(name, file, 'invalid-dataset')

const ENDS = (file: Uint8Array): Record<string, number> => ({ 'within a local header': 20, 'in the middle': file.length >> 1, 'before the directory': placeOf(file, 'PK\x01\x02'), 'before the end record': placeOf(file, 'PK\x05\x06'), 'one byte before its end': file.length - 1 })

const Y = npyOf(dictOf("'<i4'", '(2,)'), new Uint8Array(8))
const DATA = new Uint8Array(24)

/** Headers of x, [2, 3] of float32 unless told otherwise. */
const HEADERS: ReadonlyArray<readonly [string, Uint8Array]> = [
  ['another magic number', joined([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x58, 1, 0], npyOf(dictOf("'<f4'", '(2, 3)'), DATA).subarray(8))],
  ['version 9', npyOf(dictOf("'<f4'", '(2, 3)'), DATA, { version: 9 })],
  ['a header longer than the file', npyOf(dictOf("'<f4'", '(2, 3)'), DATA, { length: 60_000 })],
  ['a header of 4 GiB', npyOf(dictOf("'<f4'", '(2, 3)'), DATA, { version: 2, length: 2 ** 32 - 1 })],
  ['a header of nothing', npyOf('', DATA)],
  ['a header that is no dictionary', npyOf('(((((', DATA)],
  ['no shape', npyOf("{'descr': '<f4', 'fortran_order': False}", DATA)],
  ['a shape of one number less', npyOf(dictOf("'<f4'", '(2, 2)'), DATA)],
  ['a shape of one number more', npyOf(dictOf("'<f4'", '(2, 4)'), DATA)],
  ['a size below 0', npyOf(dictOf("'<f4'", '(-2, -3)'), DATA)],
  ['a size of 2^53', npyOf(dictOf("'<f4'", '(9007199254740993, 1)'), DATA)],
  ['sizes that multiply to 2^64', npyOf(dictOf("'<f4'", '(4294967296, 4294967296)'), DATA)],
  ['sizes that multiply to infinity', npyOf(dictOf("'<f4'", `(${'9007199254740991, '.repeat(40)})`), DATA)],
  ['100 axes', npyOf(dictOf("'<f4'", `(${'1, '.repeat(100)})`), DATA)],
  ['no axis', npyOf(dictOf("'<f4'", '()'), new Uint8Array(4))],
  ['no examples', npyOf(dictOf("'<f4'", '(0, 3)'), new Uint8Array())],
  ['Python objects', npyOf(dictOf("'|O'", '(2, 3)'), DATA)],
  ['a dtype of every object', npyOf(dictOf("'<constructor'", '(2, 3)'), DATA)],
  ['structured records', npyOf(dictOf("[('a', '<f4')]", '(2, 3)'), DATA)],
  ['a pickle in place of the array', Uint8Array.of(0x80, 4, 0x95)],
  ['data that are cut off', npyOf(dictOf("'<f4'", '(2, 3)'), DATA.subarray(0, 20))],
  ['one example more than y', npyOf(dictOf("'<f4'", '(3, 2)'), DATA)],
]

const ZEROS = new Uint8Array(2 ** 20)

function arrayCases (named: (x: Uint8Array, y: Uint8Array, deflate?: boolean) => Uint8Array): Case[] {
  return [
    refused('a sound file made by hand', named(npyOf(dictOf("'<f4'", '(2, 3)'), DATA), Y), 'read'),
    ...HEADERS.map(([name, x]) => bad(`x with ${name}`, named(x, Y))),
    ...HEADERS.slice(0, 6).map(([name, x]) => bad(`deflated x with ${name}`, named(x, Y, true))),
    bad('targets of two axes of nothing', named(npyOf(dictOf("'<f4'", '(2, 3)'), DATA), npyOf(dictOf("'<i4'", '(2, 0)'), new Uint8Array()))),
    refused('an example of 2^28 numbers', named(npyOf(dictOf("'|u1'", `(1, ${2 ** 20})`), ZEROS), npyOf(dictOf("'<i4'", '(1,)'), new Uint8Array(4))), 'read'),
  ]
}

export function npzCases (): Case[] {
  const good = fixture('datasets', 'several.npz')
  const x = npyOf(dictOf("'<f4'", '(2, 3)'), DATA)
  const of = (...files: ZipFile[]): Uint8Array => zipOf(files)
  return [
    refused('the sound file', good, 'read'),
    ...cuts(good, ENDS(good), 'invalid-dataset'),
    ...arrayCases((one, y, deflate = false) => of({ name: 'x.npy', content: one, deflate }, { name: 'y.npy', content: y, deflate })),
    bad('only x', of({ name: 'x.npy', content: x })),
    bad('only y', of({ name: 'y.npy', content: Y })),
    bad('names that say nothing', of({ name: 'a.npy', content: x }, { name: 'b.npy', content: Y })),
    bad('a name of the prototype', of({ name: '__proto__.npy', content: x }, { name: 'constructor.npy', content: Y })),
    bad('whole and split data', of({ name: 'x.npy', content: x }, { name: 'y.npy', content: Y }, { name: 'x_test.npy', content: x }, { name: 'y_test.npy', content: Y })),
    bad('x twice', of({ name: 'x.npy', content: x }, { name: 'x.npy', content: x }, { name: 'y.npy', content: Y })),
    bad('a wrong checksum in the archive', of({ name: 'x.npy', content: x, deflate: true, crc: 7 }, { name: 'y.npy', content: Y })),
    bad('train and test of two shapes', of({ name: 'x_train.npy', content: x }, { name: 'y_train.npy', content: Y }, { name: 'x_test.npy', content: npyOf(dictOf("'<f4'", '(2, 2)'), DATA.subarray(8)) }, { name: 'y_test.npy', content: Y })),
    bad('an array that is JSON', of({ name: 'x.npy', content: utf8('{}') }, { name: 'y.npy', content: Y })),
  ]
}

export function npyCases (): Case[] {
  const good = fixture('tables', 'folders.zip')
  const of = (...files: ZipFile[]): Uint8Array => zipOf(files)
  return [
    refused('the sound file', good, 'read'),
    ...cuts(good, ENDS(good), 'invalid-dataset'),
    ...arrayCases((x, y, deflate = false) => of({ name: 'd/x.npy', content: x, deflate }, { name: 'd/y.npy', content: y, deflate })),
    refused('folders 300 deep', of({ name: `${'d/'.repeat(300)}x.npy`, content: npyOf(dictOf("'<f4'", '(2, 3)'), DATA) }, { name: `${'d/'.repeat(300)}y.npy`, content: Y }), 'read', 'invalid-dataset'),
    bad('two folders of one part', of({ name: 'a/x.npy', content: npyOf(dictOf("'<f4'", '(2, 3)'), DATA) }, { name: 'b/y.npy', content: Y })),
    refused('one file that is an array and no archive', npyOf(dictOf("'<f4'", '(2, 3)'), DATA), 'unsupported-format'),
  ]
}

/** An idx file of these axes. */
const idxOf = (type: number, axes: readonly number[], data: Uint8Array): Uint8Array => joined([0, 0, type, axes.length], ...axes.map((size) => big(size, 4)), data)

export function idxCases (): Case[] {
  const good = fixture('datasets', 'both.zip')
  const LABELS = idxOf(8, [2], Uint8Array.of(0, 1))
  const [IMAGES, LABEL_FILE] = ['images-idx3-ubyte', 'labels-idx1-ubyte']
  const pair = (images: Uint8Array, deflate = false): Uint8Array => zipOf([{ name: IMAGES, content: images, deflate }, { name: LABEL_FILE, content: LABELS }])
  const gz = (images: Uint8Array, deflate = false): Uint8Array => zipOf([{ name: `${IMAGES}.gz`, content: images, deflate }, { name: LABEL_FILE, content: LABELS }])
  const sound = idxOf(8, [2, 2, 2], new Uint8Array(8))
  const files: ReadonlyArray<readonly [string, Uint8Array]> = [
    ['another magic number', joined([1], sound.subarray(1))], ['an unknown type', idxOf(10, [2, 4], new Uint8Array(8))], ['no axis', idxOf(8, [], new Uint8Array(8))], ['255 axes', joined([0, 0, 8, 255], new Uint8Array(40))],
    ['a header cut off', sound.slice(0, 9)], ['data cut off', sound.slice(0, -1)], ['data that go on', joined(sound, [0])], ['a size of 2^32 - 1', idxOf(8, [2, 2 ** 32 - 1], new Uint8Array(8))],
    ['sizes that multiply to 2^96', idxOf(8, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], new Uint8Array(8))], ['sizes of 71 TB', idxOf(14, [2, 2 ** 31, 2 ** 12], new Uint8Array(8))], ['no examples', idxOf(8, [0, 2, 2], new Uint8Array())],
    ['an axis of nothing', idxOf(8, [2, 0, 2], new Uint8Array())], ['three examples for two labels', idxOf(8, [3, 2, 2], new Uint8Array(12))],
  ]
  return [
    refused('the sound file', good, 'read'),
    refused('a sound file made by hand', pair(sound), 'read'),
    ...cuts(good, ENDS(good), 'invalid-dataset'),
    ...files.map(([name, images]) => bad(`images with ${name}`, pair(images))),
    ...files.map(([name, images]) => bad(`deflated images with ${name}`, pair(images, true))),
    ...files.map(([name, images]) => refused(`gzipped images with ${name}`, gz(new Uint8Array(gzipSync(images))), 'invalid-dataset')),
    // What a gzip stream claims of its size cannot be seen where it is compressed once more: found by the fuzz target.
    ...files.map(([name, images]) => refused(`images, gzipped and deflated, with ${name}`, gz(new Uint8Array(gzipSync(images)), true), 'invalid-dataset')),
    bad('gzip without an end', gz(new Uint8Array(gzipSync(sound)).slice(0, -9))),
    bad('gzip with a wrong checksum', gz(new Uint8Array(gzipSync(sound)).map((byte, index, all) => index === all.length - 6 ? byte ^ 1 : byte))),
    bad('gzip that is none', gz(sound)),
    bad('only images', zipOf([{ name: IMAGES, content: sound }])),
    bad('two files of images', zipOf([{ name: IMAGES, content: sound }, { name: `more-${IMAGES}`, content: sound }])),
    bad('five files', zipOf([...filesOf(good), { name: 'more-idx', content: sound }])),
  ]
}
