/** The superblock of an HDF5 file: versions 0 to 3, wherever a user block has moved it. */
import { verifyChecksum } from './checksum.ts'
import { Cursor, type FieldSizes } from './cursor.ts'
import { malformed } from './fail.ts'
import type { Hdf5File } from './file.ts'

const SIGNATURE = '\x89HDF\r\n\x1a\n'

/** The largest superblock: version 1 with 8-byte addresses has 100 bytes. */
const LARGEST = 100

/** Reads the superblock, sets the field sizes of `file`, and gives the address of the root group's object header. */
export async function readSuperblock (file: Hdf5File): Promise<number> {
  const offset = await findSignature(file)
  const found = await file.block(offset, Math.min(LARGEST, file.source.size - offset), 'the superblock')
  const cursor = new Cursor(found.bytes, offset, found.what, { offsetSize: 8, lengthSize: 8, base: 0 })
  cursor.skip(8)
  return cursor.version(0, 1, 2, 3) < 2 ? readOld(file, cursor) : readNew(file, cursor)
}

async function findSignature (file: Hdf5File): Promise<number> {
  const size = file.source.size
  for (let offset = 0; offset + SIGNATURE.length <= size; offset = offset === 0 ? 512 : offset * 2) {
    const { bytes } = await file.block(offset, SIGNATURE.length, 'the signature')
    if (bytes.every((byte, i) => byte === SIGNATURE.charCodeAt(i))) return offset
  }
  throw malformed('the signature', 0, 'this is not an HDF5 file (no signature at byte 0, 512, 1024, ...)')
}

function readOld (file: Hdf5File, cursor: Cursor): number {
  const version = cursor.bytes[8]
  cursor.skip(4)
  const sizes = readSizes(cursor)
  cursor.skip(1 + 2 + 2 + 4 + (version === 1 ? 4 : 0))
  const fields = new Cursor(cursor.bytes, cursor.start, cursor.what, sizes)
  fields.at = cursor.at
  const base = fields.uint(sizes.offsetSize)
  fields.skip(sizes.offsetSize)
  checkEnd(file, fields)
  fields.skip(sizes.offsetSize)
  return finish(file, fields, { ...sizes, base }, sizes.offsetSize)
}

function readNew (file: Hdf5File, cursor: Cursor): number {
  const sizes = readSizes(cursor)
  cursor.skip(1)
  const fields = new Cursor(cursor.bytes, cursor.start, cursor.what, sizes)
  fields.at = cursor.at
  const base = fields.uint(sizes.offsetSize)
  fields.skip(sizes.offsetSize)
  checkEnd(file, fields)
  const root = finish(file, fields, { ...sizes, base }, 0)
  verifyChecksum(fields)
  return root
}

function readSizes (cursor: Cursor): FieldSizes {
  const offsetSize = cursor.u8()
  const lengthSize = cursor.u8()
  for (const size of [offsetSize, lengthSize]) {
    if (![2, 4, 8].includes(size)) throw cursor.fail(`addresses or lengths of ${size} bytes are not possible, 2, 4 or 8 are`)
  }
  return { offsetSize, lengthSize, base: 0 }
}

function checkEnd (file: Hdf5File, fields: Cursor): void {
  const end = fields.uint(fields.sizes.offsetSize)
  if (end > file.source.size) throw fields.fail(`the file is truncated: it should have ${end} bytes and has ${file.source.size}`, { end, size: file.source.size })
}

function finish (file: Hdf5File, fields: Cursor, sizes: FieldSizes, skipped: number): number {
  fields.skip(skipped)
  const root = fields.address()
  if (root === undefined) throw fields.fail('the address of the root group is undefined')
  file.sizes = sizes
  return root + sizes.base
}
