/** Small files that stand for very much, with the memory of a process of their own: each is refused, or read in bounded memory. */
import { readFileSync } from 'node:fs'
import { constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { joined, little, utf8 } from '../fuzz/containers/container.ts'
import { dictOf, npyOf } from '../fuzz/containers/npy.ts'
import { headerChunk, pngOf } from '../fuzz/containers/png.ts'
import { field } from '../fuzz/containers/protobuf.ts'
import { fileIn, filesOf, zipOf, type ZipFile } from '../fuzz/containers/zip.ts'
import type { TargetName } from '../fuzz/targets.ts'
import { pathOf } from '../support/fixtures.ts'
import { placeOf, refused, written, type Case } from './case.ts'
import { fileOf } from './cases/hdf5-files.ts'
import { parquetOf } from './cases/parquet-files.ts'

const MIB = 2 ** 20

/** `mebibytes` of zeros, deflated: blocks that are complete in themselves may follow each other. */
function zeros (mebibytes: number): Uint8Array {
  const block = deflateRawSync(new Uint8Array(MIB), { finishFlush: constants.Z_FULL_FLUSH })
  return joined(...Array.from({ length: mebibytes }, () => block), deflateRawSync(new Uint8Array()))
}

/** The Keras file with an entry that inflates to as many zeros; `size` is what it claims. */
function kerasWith (name: string, mebibytes: number, size: number): Uint8Array {
  const files = filesOf(new Uint8Array(readFileSync(pathOf('test/fixtures/formats/unknown.keras')))).filter((file) => file.name !== name)
  return zipOf([...files, { name, content: new Uint8Array(), deflate: true, stored: zeros(mebibytes), size }])
}

const kerasOf = (config: string): Uint8Array => zipOf([...filesOf(new Uint8Array(readFileSync(pathOf('test/fixtures/formats/unknown.keras')))).filter((file) => file.name !== 'config.json'),
  { name: 'config.json', content: utf8(config), deflate: true }])

const array = (descr: string, shape: string, bytes: number, fortran = 'False'): Uint8Array => npyOf(dictOf(descr, shape, fortran), new Uint8Array(bytes))
const npzOf = (x: Uint8Array, y: Uint8Array): Uint8Array => zipOf([{ name: 'x.npy', content: x, deflate: true }, { name: 'y.npy', content: y, deflate: true }])

const imagesOf = (image: Uint8Array): Uint8Array => zipOf(['a/1', 'b/1'].map((name): ZipFile => ({ name: `${name}.png`, content: image })))

/** 4096 x 2048 pixels, the most that is read, in this colour. */
function largestPng (colour: number, bytes: number): Uint8Array {
  return pngOf([headerChunk(4096, 2048, 8, colour), { type: 'IDAT', data: new Uint8Array(deflateSync(new Uint8Array(2048 * (1 + bytes * 4096)))) }, { type: 'IEND', data: new Uint8Array() }])
}

/** A small JPEG that claims to be as large as can be read, its last scan repeated. */
function largestJpeg (name: string, marker: number, scans: number): Uint8Array {
  const jpeg = written(fileIn(new Uint8Array(readFileSync(pathOf('test/fixtures/images/colour.zip'))), name), 0, [])
  const frame = placeOf(jpeg, Uint8Array.of(0xff, marker))
  const large = written(jpeg, frame + 5, [8, 0, 16, 0])
  const last = Buffer.from(large).lastIndexOf(Buffer.of(0xff, 0xda))
  return joined(large.subarray(0, -2), ...Array.from({ length: scans }, () => large.subarray(last, -2)), [0xff, 0xd9])
}

const ROWS = 2 ** 26

export const BOMBS: Readonly<Partial<Record<TargetName, readonly Case[]>>> = {
  zip: [refused('an entry of 3 GiB that claims 1,000 bytes', () => zipOf([{ name: 'a', content: new Uint8Array(), deflate: true, stored: zeros(3072), size: 1000 }]), 'invalid-model')],
  keras: [
    refused('a config.json of 3 GiB', () => kerasWith('config.json', 3072, 3072 * MIB), 'limit-exceeded'),
    refused('weights of 3 GiB', () => kerasWith('model.weights.h5', 3072, 3072 * MIB), 'limit-exceeded'),
    refused('weights of 3 GiB that claim 1,000 bytes', () => kerasWith('model.weights.h5', 3072, 1000), 'invalid-model'),
    refused('a config.json of one text of 60 MB', () => kerasOf(`{"class_name":"${'x'.repeat(60_000_000)}"}`), 'invalid-model', 'limit-exceeded'),
    refused('a config.json of one text of 30 million letters that are no Latin', () => kerasOf(`{"class_name":"${'Ω'.repeat(30_000_000)}"}`), 'invalid-model', 'limit-exceeded'),
    refused('a config.json of 20 million lists', () => kerasOf(`{"config":[${'[],'.repeat(20_000_000)}[]]}`), 'limit-exceeded'),
    refused('a config.json of 15 million members', () => kerasOf(`{"config":{${'"":0,'.repeat(10_000_000)}"":1}}`), 'limit-exceeded'),
  ],
  safetensors: [
    refused('a header of 16 MB of lists', () => joined(little(15_000_015, 8), utf8(`{"__metadata__":${'['.repeat(7_499_999)}${']'.repeat(7_500_000)}`)), 'limit-exceeded', 'invalid-model'),
    refused('a header of five million lists', () => joined(little(15_000_007, 8), utf8(`{"a":${'[],'.repeat(5_000_000)}}}`)), 'limit-exceeded', 'invalid-model'),
  ],
  hdf5: [
    refused('a chunk that inflates to 95 MiB', () => fileOf({ shape: [95 * MIB / 4], chunk: [95 * MIB / 4], deflated: new Uint8Array(deflateSync(new Uint8Array(95 * MIB))) }), 'read'),
    refused('a chunk that inflates to 1 GiB', () => fileOf({ shape: [2 ** 28], chunk: [2 ** 28], deflated: joined([0x78, 0x9c], zeros(1024)) }), 'invalid-model'),
    refused('a row of chunks of 1 GiB, of which one is stored', () => fileOf({ shape: [2, 2 ** 27], chunk: [2, 2 ** 20], deflated: joined([0x78, 0x9c], zeros(8), new Uint8Array(2 ** 20)) }), 'invalid-model'),
  ],
  onnx: [
    refused('16 million fields of two bytes', () => joined([8, 8], field(7, new Uint8Array(2 ** 25).map((_, at) => at % 2 === 0 ? 0x0a : 0))), 'limit-exceeded'),
    refused('16 million dimensions', () => joined([8, 8], field(7, field(5, new Uint8Array(2 ** 25).fill(8)))), 'invalid-model', 'limit-exceeded'),
  ],
  npz: [
    refused('256 MiB of bytes out of a quarter of a megabyte', () => npzOf(array("'|u1'", '(256, 1048576)', 256 * MIB), array("'<i4'", '(256,)', 1024)), 'read'),
    refused('128 MiB of targets', () => npzOf(array("'|u1'", '(33554432, 1)', 32 * MIB), array("'<i4'", '(33554432,)', 128 * MIB)), 'read'),
    refused('one example of 128 MiB of bytes', () => npzOf(array("'|u1'", '(1, 134217728)', 128 * MIB), array("'<i4'", '(1,)', 4)), 'limit-exceeded'),
    refused('200 MiB of bytes in Fortran order', () => npzOf(array("'|u1'", '(200, 1048576)', 200 * MIB, 'True'), array("'<i4'", '(200,)', 800)), 'limit-exceeded'),
  ],
  idx: [refused('gzip of 500 MiB that claims 100 bytes', () => zipOf([
    { name: 'images-idx3-ubyte.gz', content: joined(gzipSync(new Uint8Array(500 * MIB)), new Uint8Array()) }, { name: 'labels-idx1-ubyte', content: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 0) },
  ]), 'invalid-dataset')],
  images: [
    refused('two PNGs as large as can be, of three colours', () => imagesOf(largestPng(2, 3)), 'read'),
    refused('two JPEGs as large as can be', () => imagesOf(largestJpeg('dog/444.jpg', 0xc0, 0)), 'read', 'invalid-dataset'),
    refused('a JPEG as large as can be of 90 scans', () => imagesOf(largestJpeg('dog/progressive.jpg', 0xc2, 80)), 'limit-exceeded', 'invalid-dataset'),
  ],
  parquet: [
    refused('64 million rows of one value, twice', () => parquetOf(ROWS), 'limit-exceeded'),
    refused('16 million rows of one value, twice', () => parquetOf(2 ** 24), 'read'),
  ],
}
