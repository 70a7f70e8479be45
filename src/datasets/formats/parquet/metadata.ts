/** The footer of a Parquet file: its schema, and where the columns of each row group lie. Source: parquet-format, README and parquet.thrift. */
import { EspalierError } from '../../../errors.ts'
import type { ByteSource } from '../../../models/bytes.ts'
import { invalid } from '../format.ts'
import { readStruct, type Fields } from './thrift.ts'

/** The pages of one column in one row group. */
export interface ColumnChunk {
  readonly offset: number
  readonly bytes: number
  /** Number of the codec. */
  readonly codec: number
  /** Levels in all: values, nulls and empty lists. */
  readonly values: number
}

export interface RowGroup { readonly rows: number, readonly chunks: readonly ColumnChunk[] }

export interface Metadata { readonly schema: readonly Fields[], readonly groups: readonly RowGroup[] }

const MAGIC = [0x50, 0x41, 0x52, 0x31]

/** 100 row groups of 1000 columns take about this. */
const MAX_METADATA_BYTES = 32 * 2 ** 20

/** Rows are counted in 32 bits. */
const MAX_ROWS = 2 ** 32 - 1

export function isParquet (head: Uint8Array): boolean {
  return MAGIC.every((byte, index) => head[index] === byte)
}

/** Throws `invalid-dataset` for a footer that is malformed or points outside of the file, `limit-exceeded` for one that is too large. */
export async function readMetadata (source: ByteSource): Promise<Metadata> {
  if (source.size < 12) throw invalid('the Parquet file ends too early')
  const end = await source.read(source.size - 8, 8)
  if (!isParquet(end.subarray(4))) throw invalid('the Parquet file does not end with PAR1: it is cut off')
  const length = new DataView(end.buffer, end.byteOffset).getUint32(0, true)
  if (length > source.size - 12) throw invalid(`the footer is declared as ${length} bytes, the file has ${source.size}`)
  if (length > MAX_METADATA_BYTES) throw new EspalierError('limit-exceeded', `the footer has ${length} bytes, at most ${MAX_METADATA_BYTES} are read`, { limit: MAX_METADATA_BYTES })
  const fields = readStruct(await source.read(source.size - 8 - length, length), 'the footer')?.fields
  const [schema, groups] = [fields?.structs(2), fields?.structs(4)]
  if (fields === undefined || schema === undefined || groups === undefined) throw invalid('the footer ends within its metadata, or has no schema')
  const found = groups.map((group, index) => groupOf(group, index, source.size - 8 - length))
  const rows = found.reduce((sum, group) => sum + group.rows, 0)
  if (rows !== fields.whole(3)) throw invalid(`the row groups have ${rows} rows, the footer says ${fields.whole(3)}`)
  if (rows > MAX_ROWS) throw new EspalierError('limit-exceeded', `${rows} rows, at most ${MAX_ROWS} are read`, { limit: MAX_ROWS })
  assertApart(found.flatMap(({ chunks }) => chunks))
  return { schema, groups: found }
}

/** Columns that share bytes would be decoded again and again: few bytes could stand for very many rows. */
function assertApart (chunks: readonly ColumnChunk[]): void {
  let end = 0
  for (const { offset, bytes } of [...chunks].sort((a, b) => a.offset - b.offset)) {
    if (offset < end) throw invalid(`two columns share the bytes from ${offset} on`, { offset })
    end = offset + bytes
  }
}

function groupOf (group: Fields, index: number, size: number): RowGroup {
  const rows = group.whole(3)
  const chunks = group.structs(1)
  if (rows === undefined || rows < 0 || chunks === undefined) throw invalid(`row group ${index} has no number of rows or no columns`)
  // Groups without rows have pages nowhere.
  return { rows, chunks: rows === 0 ? [] : chunks.map((chunk, column) => chunkOf(chunk, `column ${column} of row group ${index}`, size)) }
}

function chunkOf (chunk: Fields, what: string, size: number): ColumnChunk {
  if (chunk.has(8) || chunk.has(9)) throw invalid(`${what} is encrypted`)
  if (chunk.has(1)) throw invalid(`${what} lies in another file`)
  const facts = chunk.struct(3)
  const [codec, values, bytes, data] = [facts?.whole(4), facts?.whole(5), facts?.whole(7), facts?.whole(9)]
  if (codec === undefined || values === undefined || bytes === undefined || data === undefined) throw invalid(`${what} has no codec, size or place`)
  const dictionary = facts!.whole(11) ?? 0
  const offset = dictionary > 0 ? Math.min(dictionary, data) : data
  if (values < 0 || bytes < 0 || offset < MAGIC.length || offset + bytes > size) throw invalid(`${what}: ${bytes} bytes at ${offset} lie outside of the file's data`, { offset, bytes, size })
  return { offset, bytes, codec, values }
}
