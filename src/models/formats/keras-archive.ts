/** The zip of a `.keras` file, with the HDF5 part written where it will lie, so that it is never held in memory. */
import { EspalierError } from '../../errors.ts'
import { crc32 } from '../crc32.ts'
import type { ZipEntry } from '../zip.ts'
import { ScatteredCrc } from './crc32-combine.ts'
import type { ModelSink } from './format.ts'
import { writeHdf5, type Hdf5GroupSpec } from './hdf5/index.ts'

/** An entry of the archive: bytes, another archive's entry, or an HDF5 tree. */
export interface ArchivePart { readonly name: string, readonly content: Uint8Array | ZipEntry | Hdf5GroupSpec }

interface Record { readonly name: Uint8Array, readonly crc: number, readonly size: number, readonly offset: number }

/** Names are UTF-8. */
const FLAGS = 0x0800
/** 1 January 1980, the earliest a zip can tell: the same model always makes the same bytes. */
const DATE = 0x0021
const VERSION = { plain: 20, zip64: 45 }
/** Made on Unix; a regular file, rw-r--r--. */
const UNIX = 3 << 8
const MODE = 0o100644 * 0x10000
const MAX32 = 0xffffffff

/** Writes the archive, all entries stored, and gives its size. Sizes from 4 GiB on use zip64. Source: PKWARE APPNOTE 6.3.10. */
export async function writeArchive (parts: readonly ArchivePart[], sink: ModelSink): Promise<number> {
  const records: Record[] = []
  let at = 0
  for (const part of parts) {
    const name = new TextEncoder().encode(part.name)
    // The header comes before its content, whose size is known only afterwards; the zip64 field is always there so that it fits.
    const start = at + headerSize(name)
    const { size, crc } = await writeContent(part.content, { write: async (offset, bytes) => await sink.write(start + offset, bytes) })
    const record = { name, crc, size, offset: at }
    await sink.write(at, localHeader(record))
    records.push(record)
    at = start + size
  }
  const directory = joined(records.map(directoryRecord))
  const end = endRecords(records.length, at, directory.length)
  await sink.write(at, joined([directory, end]))
  return at + directory.length + end.length
}

async function writeContent (content: ArchivePart['content'], sink: ModelSink): Promise<{ size: number, crc: number }> {
  if (content instanceof Uint8Array) {
    if (content.length > 0) await sink.write(0, content)
    return { size: content.length, crc: crc32(content) }
  }
  if ('kind' in content) {
    const checksum = new ScatteredCrc()
    const size = await writeHdf5(content, {
      async write (offset, bytes) {
        checksum.add(offset, bytes)
        await sink.write(offset, bytes)
      },
    })
    return { size, crc: checksum.total(size) }
  }
  let [size, crc] = [0, 0]
  for await (const piece of content.stream()) {
    await sink.write(size, piece)
    crc = crc32(piece, crc)
    size += piece.length
  }
  return { size, crc }
}

const headerSize = (name: Uint8Array) => 30 + name.length + 20

function localHeader ({ name, crc, size }: Record): Uint8Array {
  const isWide = size >= MAX32
  const narrow = isWide ? MAX32 : size
  // Where zip64 is not needed its place is a field with an id no reader knows; Python's zipfile and unzip skip it.
  const extra = isWide ? fields([2, 1], [2, 16], [8, size], [8, size]) : fields([2, PADDING], [2, 16], [8, 0], [8, 0])
  return joined([fields([4, 0x04034b50], [2, isWide ? VERSION.zip64 : VERSION.plain], [2, FLAGS], [2, 0], [2, 0], [2, DATE], [4, crc], [4, narrow], [4, narrow],
    [2, name.length], [2, extra.length]), name, extra])
}

/** The id of Android's zipalign for padding. */
const PADDING = 0xd935

function directoryRecord ({ name, crc, size, offset }: Record): Uint8Array {
  const wide = [...size >= MAX32 ? [size, size] : [], ...offset >= MAX32 ? [offset] : []]
  const extra = wide.length === 0 ? new Uint8Array() : fields([2, 1], [2, 8 * wide.length], ...wide.map((value) => [8, value] as const))
  const version = wide.length > 0 ? VERSION.zip64 : VERSION.plain
  return joined([fields([4, 0x02014b50], [2, UNIX | version], [2, version], [2, FLAGS], [2, 0], [2, 0], [2, DATE], [4, crc], [4, Math.min(size, MAX32)],
    [4, Math.min(size, MAX32)], [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, MODE], [4, Math.min(offset, MAX32)]), name, extra])
}

function endRecords (count: number, offset: number, size: number): Uint8Array {
  if (count >= 0xffff) throw new EspalierError('limit-exceeded', `a .keras file of ${count} parts cannot be written`)
  const wide = offset >= MAX32
    ? [fields([4, 0x06064b50], [8, 44], [2, UNIX | VERSION.zip64], [2, VERSION.zip64], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, offset]),
        fields([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1])]
    : []
  return joined([...wide, fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, Math.min(offset, MAX32)], [2, 0])])
}

/** Little-endian numbers of 2, 4 or 8 bytes, one behind the other. */
function fields (...list: ReadonlyArray<readonly [2 | 4 | 8, number]>): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, [width]) => sum + width, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [width, value] of list) {
    if (width === 2) view.setUint16(at, value, true)
    else if (width === 4) view.setUint32(at, value, true)
    else view.setBigUint64(at, BigInt(value), true)
    at += width
  }
  return bytes
}

function joined (parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
