/** The zip of a `.keras` file, with the HDF5 part written where it will lie, so that it is never held in memory. */
import { crc32 } from '../crc32.ts'
import type { ZipEntry } from '../zip.ts'
import { DATE, directoryRecord, endOf, fields, joined, MAX32, UTF8, type Written } from '../zip-records.ts'
import { ScatteredCrc } from './crc32-combine.ts'
import type { ModelSink } from './format.ts'
import { writeHdf5, type Hdf5GroupSpec } from './hdf5/index.ts'

/** An entry of the archive: bytes, another archive's entry, or an HDF5 tree. */
export interface ArchivePart { readonly name: string, readonly content: Uint8Array | ZipEntry | Hdf5GroupSpec }

/** Writes the archive, all entries stored, and gives its size. Sizes from 4 GiB on use zip64. Source: PKWARE APPNOTE 6.3.10. */
export async function writeArchive (parts: readonly ArchivePart[], sink: ModelSink): Promise<number> {
  const records: Written[] = []
  let at = 0
  for (const part of parts) {
    const name = new TextEncoder().encode(part.name)
    // The header comes before its content, whose size is known only afterwards; the zip64 field is always there so that it fits.
    const start = at + headerSize(name)
    const { size, crc } = await writeContent(part.content, { write: async (offset, bytes) => await sink.write(start + offset, bytes) })
    const record = { name, flags: UTF8, method: 0, crc, size, compressed: size, offset: at }
    await sink.write(at, localHeader(record))
    records.push(record)
    at = start + size
  }
  const directory = joined(...records.map(directoryRecord))
  const end = endOf(records.length, at, directory.length)
  await sink.write(at, joined(directory, end))
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

/** As the ordinary one, but always of the same length. */
function localHeader ({ name, crc, size }: Written): Uint8Array {
  const isWide = size >= MAX32
  const narrow = isWide ? MAX32 : size
  // Where zip64 is not needed its place is a field with an id no reader knows; Python's zipfile and unzip skip it.
  const extra = isWide ? fields([2, 1], [2, 16], [8, size], [8, size]) : fields([2, PADDING], [2, 16], [8, 0], [8, 0])
  return joined(fields([4, 0x04034b50], [2, isWide ? 45 : 20], [2, UTF8], [2, 0], [2, 0], [2, DATE], [4, crc], [4, narrow], [4, narrow],
    [2, name.length], [2, extra.length]), name, extra)
}

/** The id of Android's zipalign for padding. */
const PADDING = 0xd935
