/** safetensors files that lie, by hand and by mutation: each gives an error that says what is wrong, without work or memory in proportion to the lie. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { bytesInMemory, type ByteSource } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { fileOf, fixture, partsOf, read } from './safetensors-helpers.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const whole = fixture('plain.safetensors')
const DATA = new Uint8Array(16)

/** A header of one tensor "a.w" [2, 2] of F32 with changed parts. */
const one = (changes: object) => fileOf({ 'a.w': { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16], ...changes } }, DATA)
/** One of several tensors of one F32 each, by their offsets. */
const several = (...offsets: number[][]) => fileOf(Object.fromEntries(offsets.map((pair, index) => [`t${index}.w`, { dtype: 'F32', shape: [1], data_offsets: pair }])), DATA)
const nested = (levels: number, open = '[', close = ']') => fileOf(`{"a.w": ${open.repeat(levels)}1${close.repeat(levels)}}`)

const cases: Array<[string, Uint8Array, RegExp, string?]> = [
  ['an empty file', new Uint8Array(), /is no model that is read here/, 'unsupported-format'],
  ['only a length', fileOf('', new Uint8Array(), 0n), /is no model that is read here/, 'unsupported-format'],
  ['another first letter', fileOf(' {}'), /is no model that is read here/, 'unsupported-format'],
  ['a header of no length', fileOf('{}', DATA, 0n), /does not begin with "\{"/],
  ['a header longer than the file', fileOf('{}', DATA, 19n), /said to have 19 bytes, the file has 26/],
  ['a header of 2^47 bytes', fileOf('{}', DATA, 2n ** 47n), /said to have 140737488355328 bytes/],
  ['a header of 2^64 - 1 bytes', fileOf('{}', DATA, 2n ** 64n - 1n), /is no model that is read here/, 'unsupported-format'],
  ['a header one byte short', fileOf('{"a":1}', DATA, 6n), /not valid JSON/],
  ['a header one byte long', fileOf('{"a":1}', DATA, 8n), /not valid JSON/],
  ['a header above the limit', fileOf('{' + ' '.repeat(16 * 2 ** 20) + '}'), /has 16777218 bytes, at most 16777216/, 'limit-exceeded'],
  ['bad JSON', fileOf('{"a.w": {"dtype": F32}}'), /not valid JSON/],
  ['a text without an end', fileOf('{"a.w'), /not valid JSON/],
  ['a header that ends in an escape', fileOf('{"a\\'), /not valid JSON/],
  ['bad UTF-8', fileOf(Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d)), /not valid UTF-8/],
  ['UTF-8 cut in the middle', fileOf(utf8('{"ü').slice(0, -1)), /not valid UTF-8/],
  ['deep lists', nested(1_000_000), /nested deeper than 8/, 'limit-exceeded'],
  ['deep objects', nested(300_000, '{"x":', '}'), /nested deeper than 8/, 'limit-exceeded'],
  ['too many tensors', fileOf(`{${Array.from({ length: 100_001 }, (_, index) => `"${index}":0`).join()}}`), /lists more than 100000 names/, 'limit-exceeded'],
  ['a tensor twice', fileOf('{"a.w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a.w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(1)), /has "a\.w" twice/],
  ['a tensor twice in two spellings', fileOf('{"a.w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061.w" :0}', Uint8Array.of(1)), /has "a\.w" twice/],
  ['a key twice', fileOf('{"a.w":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(1)), /has "dtype" twice/],
  ['metadata twice', fileOf('{"__metadata__":{},"__metadata__":{}}'), /has "__metadata__" twice/],
  ['a list as an entry', fileOf({ 'a.w': [1] }), /the tensor a\.w is no object/],
  ['null as an entry', fileOf({ 'a.w': null }), /the tensor a\.w is no object/],
  ['__proto__ as a tensor', fileOf('{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', DATA), /the tensor __proto__ .*needs 8 bytes/],
  ['no dtype', one({ dtype: undefined }), /a\.w has no "dtype"/],
  ['a dtype that is a number', one({ dtype: 32 }), /a\.w has no "dtype"/],
  ['an unknown dtype', one({ dtype: 'F128' }), /a\.w has the dtype "F128"; known are F32, F16/, 'unsupported-format'],
  ['a dtype of every object', one({ dtype: 'constructor' }), /the dtype "constructor"/, 'unsupported-format'],
  ['no shape', one({ shape: undefined }), /a\.w has no valid "shape"/],
  ['a negative size', one({ shape: [-2, -2] }), /a\.w has no valid "shape"/],
  ['a fraction of a size', one({ shape: [0.5, 8] }), /a\.w has no valid "shape"/],
  ['a size as text', one({ shape: ['2', 2] }), /a\.w has no valid "shape"/],
  ['a shape that is a number', one({ shape: 4 }), /a\.w has no valid "shape"/],
  ['65 axes', one({ shape: Array.from({ length: 65 }, () => 1) }), /at most 64/],
  ['a size above 2^53', fileOf('{"a.w":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,16]}}', DATA), /a\.w has no valid "shape"/],
  ['sizes whose product overflows', one({ shape: [2 ** 32, 2 ** 32] }), /no whole number of bytes/],
  ['sizes whose product is not finite', one({ shape: [...Array.from({ length: 40 }, () => 2 ** 52), 0] }), /no whole number of bytes/],
  ['sizes that overflow 64 bits to the right number', one({ shape: [2 ** 33, 2 ** 31, 4] }), /no whole number of bytes/],
  ['half a byte', one({ dtype: 'F4', shape: [3] }), /no whole number of bytes/],
  ['a larger shape than span', one({ shape: [2, 3] }), /needs 24 bytes, its offsets \[0, 16\] span 16/],
  ['a smaller shape than span', one({ shape: [2] }), /needs 8 bytes/],
  ['no offsets', one({ data_offsets: undefined }), /a\.w has no valid "data_offsets"/],
  ['one offset', one({ data_offsets: [16] }), /a\.w has no valid "data_offsets"/],
  ['three offsets', one({ data_offsets: [0, 16, 32] }), /a\.w has no valid "data_offsets"/],
  ['a negative offset', one({ data_offsets: [-16, 0] }), /a\.w has no valid "data_offsets"/],
  ['a fraction of an offset', one({ data_offsets: [0.5, 16.5] }), /a\.w has no valid "data_offsets"/],
  ['an infinite offset', fileOf('{"a.w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,1e999]}}', DATA), /a\.w has no valid "data_offsets"/],
  ['offsets above 2^53', fileOf('{"a.w":{"dtype":"F32","shape":[2,2],"data_offsets":[9007199254740992,9007199254741008]}}', DATA), /below 2\^53/],
  ['offsets just below 2^53', one({ data_offsets: [2 ** 53 - 17, 2 ** 53 - 1] }), /a\.w.*(span|behind a gap)/],
  ['offsets in reverse', one({ data_offsets: [16, 0] }), /span -16/],
  ['data that are missing', fileOf({ 'a.w': { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] } }), /need 16 bytes of data, the file has 0/],
  ['a terabyte that is not there', one({ shape: [2 ** 38], data_offsets: [0, 2 ** 40] }), /need 1099511627776 bytes of data, the file has 16/],
  ['data behind the last tensor', one({ shape: [3], data_offsets: [0, 12] }), /need 12 bytes of data, the file has 16/],
  ['data without a tensor', fileOf('{}', DATA), /need 0 bytes of data, the file has 16/],
  ['a gap at the begin', several([4, 8], [8, 12], [12, 16]), /t0\.w begins at byte 4 of the data, behind a gap/],
  ['a gap between', several([0, 4], [8, 12], [12, 16]), /t1\.w begins at byte 8 of the data, behind a gap; the one before it ends at 4/],
  ['two in one place', several([0, 4], [0, 4], [4, 8], [8, 12]), /t1\.w begins at byte 0 of the data, within another one/],
  ['two that overlap', several([0, 4], [2, 6], [4, 8], [8, 12]), /t1\.w begins at byte 2 of the data, within another one, which ends at 4/],
  ['metadata that are a list', fileOf({ __metadata__: ['x'] }), /"__metadata__" is no object/],
  ['a number in the metadata', fileOf({ __metadata__: { format: 'pt', step: 7 } }), /"__metadata__" has "step", which is no text/],
  ['an object in the metadata', fileOf({ __metadata__: { config: {} } }), /"config", which is no text/],
  ['a name of no letters', fileOf({ '': { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }, DATA), /a name of 0 characters/],
  ['a name without an end', fileOf({ ['a'.repeat(1025)]: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }, DATA), /a name of 1025 characters/],
  ['a name with NUL', fileOf({ 'a\0.w': { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }, DATA), /control characters/],
  ['half of a surrogate pair', fileOf('{"\\ud800.w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}', DATA), /half of a surrogate pair/],
  ['a.b and a/b', fileOf({ 'a.b.w': { dtype: 'F32', shape: [2], data_offsets: [0, 8] }, 'a/b.w': { dtype: 'F32', shape: [2], data_offsets: [8, 16] } }, DATA), /would both be a\/b\/w/, 'unsupported-format'],
]

describe('safetensors files that are wrong', () => {
  for (const [name, file, message, code = 'invalid-model'] of cases) {
    test(name, async () => { await assert.rejects(read(file), { name: 'EspalierError', code, message }) })
  }

  test('a lie about sizes costs no more than the header', async () => {
    const file = one({ shape: [2 ** 38], data_offsets: [0, 2 ** 40] })
    let largest = 0
    const inMemory = bytesInMemory(file)
    const source: ByteSource = {
      size: file.length,
      async read (offset, length) {
        largest = Math.max(largest, length)
        return await inMemory.read(offset, length)
      },
    }
    await assert.rejects(readModel(source), { code: 'invalid-model' })
    assert.ok(largest <= file.length)
  })

  test('a file cut off anywhere is refused', async () => {
    for (let length = 0; length < whole.length; length += length < 100 ? 1 : 97) {
      await assert.rejects(read(whole.slice(0, length)), (error) => error instanceof EspalierError && ['invalid-model', 'unsupported-format'].includes(error.code), `${length} bytes`)
    }
  })

  test('600 headers in which a value is swapped each give an EspalierError or a model', async () => {
    const { header, data } = partsOf(whole)
    const text = JSON.stringify(header)
    const junk = ['null', '-1', '1e99', '"x"', '[]', '{}', 'true', '[[[1]]]', '4294967296', '0.5', '9007199254740993', '"F16"', '[0,0]', '"__proto__"', '"\\ud800"']
    const places = [...text.matchAll(/("[^"]*"|\d+|\[[^[\]{}]*\])(?=[,\]}:])/g)]
    let [seed, refused] = [0, 0]
    for (let index = 0; index < 600; index++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      const place = places[seed % places.length]!
      const changed = `${text.slice(0, place.index)}${junk[index % junk.length]}${text.slice(place.index + place[0].length)}`
      try {
        await summarizeModel(await read(fileOf(changed, data)))
      } catch (error) {
        refused++
        assert.ok(error instanceof EspalierError && error.code !== 'internal', `${changed}: ${error instanceof Error ? error.stack : String(error)}`)
      }
    }
    assert.ok(refused > 300, `${refused} refused`)
  })

  test('2,000 files in which a byte is flipped each give an EspalierError or a model', async () => {
    const header = 8 + Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(0, true))
    let seed = 1
    for (let index = 0; index < 2000; index++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      const file = whole.slice()
      file[seed % header]! ^= 1 << (index % 8)
      try {
        await read(file)
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code !== 'internal', `byte ${seed % header}: ${error instanceof Error ? error.stack : String(error)}`)
      }
    }
  })
})
