/** The pages of a column in one row group: headers, levels and bodies, each no larger than the column. Source: parquet-format, README and parquet.thrift. */
import { EspalierError } from '../../../errors.ts'
import type { ByteSource } from '../../../models/bytes.ts'
import { invalid } from '../format.ts'
import { assertPageBytes, decompress } from './codecs.ts'
import { readHybrid } from './hybrid.ts'
import type { ColumnChunk } from './metadata.ts'
import { readStruct, type Fields } from './thrift.ts'

/** A page as it is needed: levels and the bytes of the values. */
export interface Page {
  readonly kind: 'data' | 'dictionary'
  /** Levels, nulls and empty lists included. */
  readonly count: number
  readonly encoding: number
  /** 0 begins a row. Undefined where all are 0. */
  readonly repetition?: Uint32Array
  /** Undefined where every value is there. */
  readonly definition?: Uint32Array
  readonly values: Uint8Array
}

/** The largest levels: 0 where none are stored. */
export interface Levels { readonly repetition: number, readonly definition: number }

/** A header has numbers and, rarely, the smallest and the largest value. */
const HEADER_BYTES = [256, 64 * 1024, 2 ** 20]

/** Constant values take no bytes, so that the size of a page does not limit them. */
const MAX_PAGE_VALUES = 2 ** 24

const [DATA, DICTIONARY, DATA_V2] = [0, 2, 3]
const RLE = 3

/** The pages in their order. Throws `invalid-dataset` or `limit-exceeded`, naming `what`. */
export async function * pagesOf (source: ByteSource, chunk: ColumnChunk, levels: Levels, what: string): AsyncGenerator<Page> {
  const end = chunk.offset + chunk.bytes
  for (let at = chunk.offset; at < end;) {
    const header = await headerAt(source, at, end, what)
    const [kind, size, compressed] = [header.fields.whole(1), header.fields.whole(2), header.fields.whole(3)]
    if (size === undefined || compressed === undefined || size < 0 || compressed < 0) throw invalid(`${what}: a page without a size`)
    assertPageBytes(Math.max(size, compressed), what)
    const start = at + header.length
    if (compressed > end - start) throw invalid(`${what}: a page is declared as ${compressed} bytes, ${end - start} are left`)
    at = start + compressed
    const body = async () => await source.read(start, compressed)
    if (kind === DICTIONARY) yield { kind: 'dictionary', ...countOf(header.fields.struct(7), 2, what), values: await decompress(chunk.codec, await body(), size, what) }
    else if (kind === DATA) yield firstVersion(header.fields.struct(5), await decompress(chunk.codec, await body(), size, what), levels, what)
    else if (kind === DATA_V2) yield await secondVersion(header.fields.struct(8), await body(), size, chunk.codec, levels, what)
  }
}

async function headerAt (source: ByteSource, at: number, end: number, what: string): Promise<{ fields: Fields, length: number }> {
  for (const bytes of HEADER_BYTES) {
    const read = readStruct(await source.read(at, Math.min(bytes, end - at)), what)
    if (read !== undefined) return { fields: read.fields, length: read.end }
    if (bytes >= end - at) break
  }
  throw invalid(`${what}: ends within the header of a page, or that is too large`)
}

/** Number of values and their encoding; the latter is field 2, or 4 in version 2. */
function countOf (header: Fields | undefined, field: number, what: string): { count: number, encoding: number } {
  const [count, encoding] = [header?.whole(1), header?.whole(field)]
  if (count === undefined || encoding === undefined || count < 0) throw invalid(`${what}: a page without a number of values or an encoding`)
  if (count > MAX_PAGE_VALUES) throw new EspalierError('limit-exceeded', `${what}: a page of ${count} values, at most ${MAX_PAGE_VALUES} are read`, { limit: MAX_PAGE_VALUES, count })
  return { count, encoding }
}

/** All in one, each kind of levels behind its size. */
function firstVersion (header: Fields | undefined, body: Uint8Array, levels: Levels, what: string): Page {
  const { count, encoding } = countOf(header, 2, what)
  let rest = body
  const take = (largest: number, field: number): Uint32Array | undefined => {
    if (largest === 0) return undefined
    if (header!.whole(field) !== RLE) throw invalid(`${what}: levels in the encoding ${header!.whole(field)}, which is not read`)
    const length = rest.length < 4 ? Infinity : new DataView(rest.buffer, rest.byteOffset).getUint32(0, true)
    if (length > rest.length - 4) throw invalid(`${what}: levels of ${length} bytes in a page of ${rest.length}`)
    const found = readHybrid(rest.subarray(4, 4 + length), bitsOf(largest), count, what)
    rest = rest.subarray(4 + length)
    return found
  }
  const repetition = take(levels.repetition, 4)
  const definition = take(levels.definition, 3)
  return { kind: 'data', count, encoding, ...(repetition && { repetition }), ...(definition && { definition }), values: rest }
}

/** Levels first, never compressed. */
async function secondVersion (header: Fields | undefined, body: Uint8Array, size: number, codec: number, levels: Levels, what: string): Promise<Page> {
  const { count, encoding } = countOf(header, 4, what)
  const [definitions, repetitions] = [header!.whole(5) ?? 0, header!.whole(6) ?? 0]
  if (definitions < 0 || repetitions < 0 || definitions + repetitions > Math.min(body.length, size)) throw invalid(`${what}: levels of ${repetitions} and ${definitions} bytes in a page of ${body.length}`)
  const rest = body.subarray(repetitions + definitions)
  const left = size - repetitions - definitions
  return {
    kind: 'data',
    count,
    encoding,
    ...(levels.repetition > 0 && { repetition: readHybrid(body.subarray(0, repetitions), bitsOf(levels.repetition), count, what) }),
    ...(levels.definition > 0 && { definition: readHybrid(body.subarray(repetitions, repetitions + definitions), bitsOf(levels.definition), count, what) }),
    // A page without values has nothing that could be decompressed.
    values: header!.flag(7) === false || left === 0 ? rest : await decompress(codec, rest, left, what),
  }
}

function bitsOf (largest: number): number {
  return 32 - Math.clz32(largest)
}
