/** The central directory of a zip: found from the end, read whole, every number checked before it is used. */
import { EspalierError, type ErrorCode } from '../errors.ts'
import type { ByteSource } from './bytes.ts'
import { leadsOut } from './entry-name.ts'

export interface DirectoryRecord {
  readonly name: string
  readonly rawName: Uint8Array
  readonly method: 'stored' | 'deflated'
  readonly crc: number
  readonly size: number
  readonly compressedSize: number
  /** Of the local header. */
  readonly offset: number
  /** Where the next entry, or the directory, begins. */
  readonly end: number
}

type ParsedRecord = Omit<DirectoryRecord, 'end'>

/** The directory as the end record tells it. */
interface Place { readonly entries: number, readonly size: number, readonly offset: number }

const END = { signature: 0x06054b50, size: 22 }
const LOCATOR64 = { signature: 0x07064b50, size: 20 }
const END64 = { signature: 0x06064b50, size: 56 }
const RECORD = { signature: 0x02014b50, size: 46 }

/** The comment that may follow the end record has a 16-bit length. */
const MAX_COMMENT = 0xffff

/** The directory is held in memory; 65,536 entries with long names stay below this. */
const MAX_DIRECTORY_BYTES = 64 * 2 ** 20

const MAX_NAME_BYTES = 1024

/** No deflate stream expands by more than 1032:1 (258 bytes from 2 bits); a larger declared ratio is a lie. Source: zlib technical details. */
const MAX_DEFLATE_RATIO = 1032

/** All records, folders included, in the directory's order. Throws `code` when malformed and `limit-exceeded` above `maxEntries`. */
export async function readDirectory (source: ByteSource, code: ErrorCode, maxEntries: number): Promise<DirectoryRecord[]> {
  const bad = (text: string, details = {}) => new EspalierError(code, `zip: ${text}`, details)
  const place = await findDirectory(source, bad)
  assertAtMost(maxEntries, place.entries, 'entries')
  assertAtMost(MAX_DIRECTORY_BYTES, place.size, 'bytes of directory')
  const records = parseRecords(await source.read(place.offset, place.size), place.entries, bad)
  const names = new Set<string>()
  for (const record of records) {
    if (names.has(record.name)) throw bad(`the entry ${record.name} comes twice`, { entry: record.name })
    names.add(record.name)
  }
  return withEnds(records, place.offset, bad)
}

function assertAtMost (limit: number, found: number, what: string): void {
  if (found > limit) throw new EspalierError('limit-exceeded', `zip: ${found} ${what}, at most ${limit} are read`, { limit, found })
}

type Bad = (text: string, details?: Record<string, unknown>) => EspalierError

async function findDirectory (source: ByteSource, bad: Bad): Promise<Place> {
  const length = Math.min(source.size, END.size + MAX_COMMENT)
  const tail = viewOf(await source.read(source.size - length, length))
  let at = length - END.size
  while (at >= 0 && !(tail.getUint32(at, true) === END.signature && at + END.size + tail.getUint16(at + 20, true) === length)) at--
  if (at < 0) throw bad('there is no end record; the file is cut off or is no zip')
  const endOffset = source.size - length + at
  const narrow = { entries: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), offset: tail.getUint32(at + 16, true) }
  if (tail.getUint16(at + 4, true) !== tail.getUint16(at + 6, true) || tail.getUint16(at + 8, true) !== narrow.entries) throw bad('archives of several parts are not read')
  const isWide = narrow.entries === 0xffff || narrow.size === 0xffffffff || narrow.offset === 0xffffffff
  const place = isWide ? await findDirectory64(source, endOffset, bad) ?? narrow : narrow
  if (place.offset + place.size > endOffset) throw bad(`the directory (${place.size} bytes at ${place.offset}) reaches past its end at ${endOffset}`)
  if (place.size < place.entries * RECORD.size) throw bad(`a directory of ${place.size} bytes cannot hold ${place.entries} entries`)
  return place
}

async function findDirectory64 (source: ByteSource, endOffset: number, bad: Bad): Promise<Place | undefined> {
  if (endOffset < LOCATOR64.size + END64.size) return undefined
  const locator = viewOf(await source.read(endOffset - LOCATOR64.size, LOCATOR64.size))
  if (locator.getUint32(0, true) !== LOCATOR64.signature) return undefined
  const offset = wide(locator, 8, bad)
  if (offset + END64.size > endOffset - LOCATOR64.size) throw bad(`the zip64 end record at ${offset} lies outside of the file`)
  const end = viewOf(await source.read(offset, END64.size))
  if (end.getUint32(0, true) !== END64.signature) throw bad(`there is no zip64 end record at ${offset}`)
  return { entries: wide(end, 32, bad), size: wide(end, 40, bad), offset: wide(end, 48, bad) }
}

function parseRecords (bytes: Uint8Array, count: number, bad: Bad): ParsedRecord[] {
  const view = viewOf(bytes)
  const records: ParsedRecord[] = []
  let at = 0
  for (let index = 0; index < count; index++) {
    if (at + RECORD.size > bytes.length || view.getUint32(at, true) !== RECORD.signature) throw bad(`entry ${index} of the directory is malformed`)
    const lengths = { name: view.getUint16(at + 28, true), extra: view.getUint16(at + 30, true), comment: view.getUint16(at + 32, true) }
    const next = at + RECORD.size + lengths.name + lengths.extra + lengths.comment
    if (next > bytes.length) throw bad(`entry ${index} of the directory reaches past its end`)
    const extraAt = at + RECORD.size + lengths.name
    const rawName = bytes.slice(at + RECORD.size, extraAt)
    records.push(parseRecord(view, at, rawName, bytes.subarray(extraAt, extraAt + lengths.extra), bad))
    at = next
  }
  return records
}

function parseRecord (view: DataView, at: number, rawName: Uint8Array, extra: Uint8Array, bad: Bad): ParsedRecord {
  const name = safeName(rawName, bad)
  if ((view.getUint16(at + 8, true) & 0x41) !== 0) throw bad(`the entry ${name} is encrypted`, { entry: name })
  const method = view.getUint16(at + 10, true)
  if (method !== 0 && method !== 8) throw bad(`the entry ${name} is compressed by method ${method}; stored (0) and deflate (8) are read`, { entry: name, method })
  const narrow = { size: view.getUint32(at + 24, true), compressedSize: view.getUint32(at + 20, true), offset: view.getUint32(at + 42, true) }
  const sizes = widened(narrow, extra, bad)
  if (method === 0 && sizes.size !== sizes.compressedSize) throw bad(`the stored entry ${name} has two sizes, ${sizes.size} and ${sizes.compressedSize}`, { entry: name })
  if (method === 8 && sizes.size > sizes.compressedSize * MAX_DEFLATE_RATIO) {
    throw bad(`the entry ${name} claims ${sizes.size} bytes out of ${sizes.compressedSize}; deflate cannot expand by more than ${MAX_DEFLATE_RATIO}`, { entry: name })
  }
  if (name.endsWith('/') && sizes.size !== 0) throw bad(`the folder ${name} has content`, { entry: name })
  return { name, rawName, method: method === 0 ? 'stored' : 'deflated', crc: view.getUint32(at + 16, true), ...sizes }
}

/** The sizes with those that do not fit 32 bits taken from the zip64 extra field, which holds just these, in this order. */
function widened (narrow: { size: number, compressedSize: number, offset: number }, extra: Uint8Array, bad: Bad): typeof narrow {
  const result = { ...narrow }
  const keys = (['size', 'compressedSize', 'offset'] as const).filter((key) => narrow[key] === 0xffffffff)
  if (keys.length === 0) return result
  const view = viewOf(extra)
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue
    const available = Math.min(view.getUint16(at + 2, true), extra.length - at - 4)
    keys.forEach((key, index) => {
      if (8 * (index + 1) > available) throw bad('a zip64 extra field is too short')
      result[key] = wide(view, at + 4 + 8 * index, bad)
    })
    break
  }
  return result
}

/** The name as text. Anything that could lead out of a folder is refused, although nothing is ever extracted: such an archive is an attack. */
function safeName (raw: Uint8Array, bad: Bad): string {
  if (raw.length === 0 || raw.length > MAX_NAME_BYTES) throw bad(`a name of ${raw.length} bytes; 1 to ${MAX_NAME_BYTES} are taken`)
  const name = new TextDecoder().decode(raw)
  if (leadsOut(name)) throw bad(`the name ${JSON.stringify(name)} leads out of the archive`, { entry: name })
  return name
}

/** Entries must not share bytes: overlapping ones make bombs that no ratio shows. */
function withEnds (records: readonly ParsedRecord[], directory: number, bad: Bad): DirectoryRecord[] {
  const ends = new Map<ParsedRecord, number>()
  let end = directory
  for (const record of [...records].sort((a, b) => b.offset - a.offset)) {
    if (record.offset + 30 + record.rawName.length + record.compressedSize > end) throw bad(`the entry ${record.name} reaches into what follows it`, { entry: record.name })
    ends.set(record, end)
    end = record.offset
  }
  return records.map((record) => ({ ...record, end: ends.get(record)! }))
}

function viewOf (bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function wide (view: DataView, at: number, bad: Bad): number {
  const value = view.getBigUint64(at, true)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw bad(`the number ${value} is larger than any file`)
  return Number(value)
}
