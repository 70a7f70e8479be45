/** The records of a zip archive that stand around the files: headers, directory, end. Source: PKWARE APPNOTE 6.3.10, with zip64. */

/** An entry as it was written. */
export interface Written {
  readonly name: Uint8Array
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly size: number
  readonly compressed: number
  /** Of the local header. */
  readonly offset: number
}

/** Flag: names are UTF-8. */
export const UTF8 = 0x0800
/** Flag: sizes and checksum follow the data, for content that is not known beforehand. */
export const DESCRIPTOR = 0x0008
/** A size from here on is written in a zip64 field. */
export const MAX32 = 0xffffffff
/** 1 January 1980, 0:00, the earliest a zip can tell: the same files always make the same bytes. */
export const DATE = 0x0021

/** What stands before the content of an entry. */
export function localHeader ({ name, flags, method, crc, size, compressed }: Written): Uint8Array {
  const isWide = (flags & DESCRIPTOR) !== 0 || size >= MAX32 || compressed >= MAX32
  const extra = isWide ? fields([2, 1], [2, 16], [8, size], [8, compressed]) : new Uint8Array()
  const sizes = isWide ? [MAX32, MAX32] as const : [compressed, size] as const
  return joined(fields([4, 0x04034b50], [2, isWide ? 45 : 20], [2, flags], [2, method], [2, 0], [2, DATE], [4, crc], [4, sizes[0]], [4, sizes[1]],
    [2, name.length], [2, extra.length]), name, extra)
}

/** What the directory says of an entry. */
export function directoryRecord ({ name, flags, method, crc, size, compressed, offset }: Written): Uint8Array {
  const wide = [size, compressed, offset].filter((value) => value >= MAX32)
  const extra = wide.length > 0 ? fields([2, 1], [2, 8 * wide.length], ...wide.map((value) => [8, value] as const)) : new Uint8Array()
  const version = wide.length > 0 || (flags & DESCRIPTOR) !== 0 ? 45 : 20
  // 3 << 8: made on Unix; the external attributes then are the file's mode, rw-r--r-- of a regular file.
  return joined(fields([4, 0x02014b50], [2, 3 << 8 | version], [2, version], [2, flags], [2, method], [2, 0], [2, DATE], [4, crc], [4, Math.min(compressed, MAX32)],
    [4, Math.min(size, MAX32)], [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0o100644 * 0x10000], [4, Math.min(offset, MAX32)]), name, extra)
}

/** What ends the archive: `offset` and `size` are the directory's. */
export function endOf (entries: number, offset: number, size: number): Uint8Array {
  const isWide = entries >= 0xffff || offset >= MAX32 || size >= MAX32
  const wide = isWide
    ? joined(fields([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, entries], [8, entries], [8, size], [8, offset]),
      fields([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1]))
    : new Uint8Array()
  const count = Math.min(entries, 0xffff)
  return joined(wide, fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, Math.min(size, MAX32)], [4, Math.min(offset, MAX32)], [2, 0]))
}

/** Little-endian numbers of 2, 4 or 8 bytes, one behind the other. */
export function fields (...list: ReadonlyArray<readonly [2 | 4 | 8, number]>): Uint8Array {
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

export function joined (...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
