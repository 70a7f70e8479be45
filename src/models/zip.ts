/** Reading of zip archives by random access: stored entries without copying, deflated ones in pieces. */
import { EspalierError, type ErrorCode } from '../errors.ts'
import { bytesInMemory, sliceOf, streamOf, type ByteSource } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { inflate } from './inflate.ts'
import { readDirectory, type DirectoryRecord } from './zip-directory.ts'

export { writeZip, type ZipInput } from './zip-write.ts'

/** Every size in a zip is written by whoever made the file; none is believed past these. */
export interface ZipLimits {
  /** A zip of TF.js shards has a few thousand; each costs a record in memory. */
  readonly entries: number
  /** Sum of the sizes of all entries after inflating: a bomb's whole point is to be larger. */
  readonly inflatedBytes: number
  /** The largest deflated entry that `source()` holds in memory; larger ones must be streamed. */
  readonly memoryBytes: number
}

export const ZIP_LIMITS: ZipLimits = { entries: 65_536, inflatedBytes: 64 * 2 ** 30, memoryBytes: 64 * 2 ** 20 }

export interface ZipOptions {
  /** The code of the errors about malformed archives; `invalid-model` by default. */
  readonly code?: ErrorCode
  readonly limits?: Partial<ZipLimits>
}

export interface ZipEntry {
  readonly name: string
  /** Bytes after inflating. */
  readonly size: number
  readonly compressedSize: number
  readonly method: 'stored' | 'deflated'
  /**
   * Random access to the content. Stored: a part of the archive, nothing is copied and the checksum is not looked at. Deflated: inflated into
   * memory and checked; throws `limit-exceeded` above `memoryBytes`.
   */
  source (): Promise<ByteSource>
  /** The content from front to back in bounded memory; the checksum and the size are checked at the end. */
  stream (): AsyncGenerator<Uint8Array>
}

/**
 * The files of an archive, in its order; folders are left out. Throws `code` for anything malformed (bad structure, encrypted or unknown
 * compression, unsafe or double names, overlapping entries) and `limit-exceeded` past the limits. Source: PKWARE APPNOTE 6.3.10, with zip64.
 */
export async function openZip (source: ByteSource, options: ZipOptions = {}): Promise<ZipEntry[]> {
  const code = options.code ?? 'invalid-model'
  const limits = { ...ZIP_LIMITS, ...options.limits }
  const records = await readDirectory(source, code, limits.entries)
  const total = records.reduce((sum, record) => sum + record.size, 0)
  if (total > limits.inflatedBytes) {
    const text = `the zip holds ${total} bytes after decompression, at most ${limits.inflatedBytes} are read`
    throw new EspalierError('limit-exceeded', text, { limit: limits.inflatedBytes, bytes: total })
  }
  return records.filter((record) => !record.name.endsWith('/')).map((record) => entryOf(source, record, code, limits))
}

/** Does the file begin as a zip does (a local header, or the end record of an empty one)? */
export function looksLikeZip (head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6))
}

function entryOf (archive: ByteSource, record: DirectoryRecord, code: ErrorCode, limits: ZipLimits): ZipEntry {
  const { name, size, compressedSize, method } = record

  const stream = async function * (): AsyncGenerator<Uint8Array> {
    const data = streamOf(await dataOf(archive, record, code))
    const content = method === 'stored' ? data : inflate(data, 'deflate-raw', `zip entry ${name}`, code)
    let [bytes, checksum] = [0, 0]
    for await (const piece of content) {
      bytes += piece.length
      if (bytes > size) throw new EspalierError(code, `zip entry ${name}: it is declared as ${size} bytes and holds more`, { entry: name, declared: size })
      checksum = crc32(piece, checksum)
      yield piece
    }
    if (bytes !== size) throw new EspalierError(code, `zip entry ${name}: it is declared as ${size} bytes and holds ${bytes}`, { entry: name, declared: size, bytes })
    if (checksum !== record.crc) throw new EspalierError(code, `zip entry ${name}: its checksum is wrong, the file is damaged`, { entry: name })
  }

  const inflated = async (): Promise<ByteSource> => {
    if (size > limits.memoryBytes) {
      const text = `zip entry ${name}: ${size} bytes after decompression, at most ${limits.memoryBytes} of a compressed entry are held in memory; store it uncompressed`
      throw new EspalierError('limit-exceeded', text, { entry: name, limit: limits.memoryBytes, bytes: size })
    }
    const bytes = new Uint8Array(size)
    let at = 0
    for await (const piece of stream()) {
      bytes.set(piece, at)
      at += piece.length
    }
    return bytesInMemory(bytes)
  }

  return { name, size, compressedSize, method, stream, source: async () => method === 'stored' ? await dataOf(archive, record, code) : await inflated() }
}

/** The bytes of an entry as they lie in the archive, behind its local header. */
async function dataOf (archive: ByteSource, record: DirectoryRecord, code: ErrorCode): Promise<ByteSource> {
  const bad = (text: string) => new EspalierError(code, `zip entry ${record.name}: ${text}`, { entry: record.name, offset: record.offset })
  if (record.offset + 30 > archive.size) throw bad('its header lies outside of the file')
  const header = await archive.read(record.offset, 30)
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  if (view.getUint32(0, true) !== 0x04034b50) throw bad(`there is no local header at offset ${record.offset}`)
  // The directory and the local header must speak of the same file, else two readers could see two different archives.
  const nameLength = view.getUint16(26, true)
  if (nameLength !== record.rawName.length || record.offset + 30 + nameLength > archive.size) throw bad('the local header has another name')
  const local = await archive.read(record.offset + 30, nameLength)
  if (!local.every((byte, index) => byte === record.rawName[index])) throw bad('the local header has another name')
  if (view.getUint16(8, true) !== (record.method === 'stored' ? 0 : 8)) throw bad('the local header names another compression')
  const start = record.offset + 30 + nameLength + view.getUint16(28, true)
  if (start + record.compressedSize > record.end) throw bad(`its ${record.compressedSize} bytes reach into what follows`)
  return sliceOf(archive, start, record.compressedSize)
}
