/** The values of a page by its encoding: plain, places in a dictionary, run lengths, split streams. Source: parquet-format, Encodings.md. */
import { NUMBER_TYPES } from '../../../models/tensor.ts'
import { toFloat32 } from '../../numbers.ts'
import { invalid } from '../format.ts'
import type { Column } from './columns.ts'
import { readHybrid } from './hybrid.ts'

/** Numbers, or the texts of a column of texts. */
export type Values = Float32Array | readonly string[]

const ENCODINGS = ['PLAIN', 'GROUP_VAR_INT', 'PLAIN_DICTIONARY', 'RLE', 'BIT_PACKED', 'DELTA_BINARY_PACKED', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY', 'RLE_DICTIONARY', 'BYTE_STREAM_SPLIT'] as const

/** `count` values out of the bytes of a page, behind its levels. Throws `invalid-dataset` when there are fewer. */
export function readValues (bytes: Uint8Array, encoding: number, count: number, column: Column, dictionary: Values | undefined, what: string): Values {
  const name = ENCODINGS[encoding]
  switch (name) {
    case 'PLAIN': return plainValues(bytes, count, column, what)
    case 'PLAIN_DICTIONARY': case 'RLE_DICTIONARY': return chosen(bytes, count, dictionary, what)
    case 'BYTE_STREAM_SPLIT': return plainValues(joined(bytes, count, column, what), count, column, what)
    case 'RLE':
      if (column.stored !== 'bool' || bytes.length < 4) throw invalid(`${what}: run lengths of what is not true or false`)
      return Float32Array.from(readHybrid(bytes.subarray(4), 1, count, what))
  }
  throw invalid(`${what}: the encoding ${name ?? encoding} is not read; PLAIN, RLE_DICTIONARY and BYTE_STREAM_SPLIT are, of which writers take the first two unless they are told otherwise`)
}

/** Values one after the other, as in dictionaries. */
export function plainValues (bytes: Uint8Array, count: number, { stored }: Column, what: string): Values {
  if (stored === 'text') return texts(bytes, count, what)
  const needed = stored === 'bool' ? Math.ceil(count / 8) : count * NUMBER_TYPES[stored]
  if (needed > bytes.length) throw ends(what, count, bytes)
  if (stored === 'bool') return new Float32Array(count).map((_, index) => bytes[index >> 3]! >> (index & 7) & 1)
  return toFloat32(bytes.subarray(0, needed), stored)
}

/** A length of four bytes before each text. */
function texts (bytes: Uint8Array, count: number, what: string): string[] {
  if (count * 4 > bytes.length) throw ends(what, count, bytes)
  const [view, decoder, values] = [new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), new TextDecoder('utf-8', { fatal: true }), [] as string[]]
  for (let at = 0; values.length < count;) {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Infinity
    if (at + 4 + length > bytes.length) throw ends(what, count, bytes)
    try {
      values.push(decoder.decode(bytes.subarray(at + 4, at + 4 + length)))
    } catch {
      throw invalid(`${what}: bytes that are no UTF-8 text`)
    }
    at += 4 + length
  }
  return values
}

function chosen (bytes: Uint8Array, count: number, dictionary: Values | undefined, what: string): Values {
  if (dictionary === undefined) throw invalid(`${what}: places in a dictionary, but there is none`)
  if (bytes.length === 0) throw ends(what, count, bytes)
  const places = readHybrid(bytes.subarray(1), bytes[0]!, count, what)
  const largest = places.reduce((most, place) => Math.max(most, place), 0)
  if (largest >= dictionary.length) throw invalid(`${what}: place ${largest} of a dictionary of ${dictionary.length}`)
  return dictionary instanceof Float32Array ? new Float32Array(count).map((_, index) => dictionary[places[index]!]!) : Array.from(places, (place) => dictionary[place]!)
}

/** Values in order, of which the file has all first bytes, then all second bytes, ... */
function joined (bytes: Uint8Array, count: number, { stored }: Column, what: string): Uint8Array {
  const width = stored === 'text' || stored === 'bool' ? NaN : NUMBER_TYPES[stored]
  if (!(count * width <= bytes.length)) throw ends(what, count, bytes)
  const values = new Uint8Array(count * width)
  for (let byte = 0; byte < width; byte++) {
    for (let index = 0; index < count; index++) values[index * width + byte] = bytes[byte * count + index]!
  }
  return values
}

function ends (what: string, count: number, bytes: Uint8Array): Error {
  return invalid(`${what}: ${count} values are declared, ${bytes.length} bytes do not hold them`)
}
