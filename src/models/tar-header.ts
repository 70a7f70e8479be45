/** The headers of tar archives: 512 bytes of text fields, and the records of pax. Source: POSIX.1-2017, pax; GNU tar manual, Basic Tar Format. */
import { EspalierError } from '../errors.ts'

/** Everything in a tar lies in blocks. */
export const BLOCK = 512

export interface TarHeader {
  readonly name: string
  readonly size: number
  /** One letter that tells what kind of entry follows. */
  readonly type: string
}

/** Where the checksum stands, which counts as blanks in its own sum. */
const CHECKSUM = { at: 148, end: 156 }

export function badTar (text: string, offset?: number): EspalierError {
  return new EspalierError('invalid-model', `the tar archive: ${text}`, offset === undefined ? {} : { offset })
}

/** Is it the first block of an archive of POSIX or GNU tar? */
export function looksLikeTar (block: Uint8Array): boolean {
  return block.length >= BLOCK && ascii(block.subarray(257, 262)) === 'ustar' && isRight(block)
}

/** The header in `block`, which begins at `offset`. Throws `invalid-model` for a wrong checksum and a size that is none. */
export function parseHeader (block: Uint8Array, offset: number): TarHeader {
  if (!isRight(block)) throw badTar(`the header at byte ${offset} has a wrong checksum, the file is damaged`, offset)
  // The prefix is of POSIX; GNU has other fields there.
  const prefix = ascii(block.subarray(257, 263)) === 'ustar\0' ? text(block.subarray(345, 500)) : ''
  const name = text(block.subarray(0, 100))
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: sizeIn(block.subarray(124, 136), offset), type: block[156] === 0 ? '0' : ascii(block.subarray(156, 157)) }
}

/** The sum of all bytes; archives of old had a signed one, which is the same for names in ASCII. */
function isRight (block: Uint8Array): boolean {
  let sum = 0
  for (let at = 0; at < BLOCK; at++) sum += at >= CHECKSUM.at && at < CHECKSUM.end ? 0x20 : block[at]!
  return octal(block.subarray(CHECKSUM.at, CHECKSUM.end)) === sum
}

/** Octal digits, or with the highest bit set the number itself, which GNU writes from 8 GiB on. */
function sizeIn (field: Uint8Array, offset: number): number {
  const isBinary = (field[0]! & 0x80) !== 0
  const size = isBinary ? field.subarray(1).reduce((value, byte) => value * 256 + byte, field[0]! & 0x7f) : octal(field)
  if (size === undefined || !Number.isSafeInteger(size)) throw badTar(`the header at byte ${offset} tells no valid size`, offset)
  return size
}

function octal (field: Uint8Array): number | undefined {
  const digits = ascii(field).replace(/\0.*$/s, '').trim()
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : undefined
}

/** The records `<length> <key>=<value>\n` of a pax header. Throws `invalid-model` where lengths do not fit. */
export function parsePax (bytes: Uint8Array, offset: number): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at)
    const digits = blank === -1 ? '' : ascii(bytes.subarray(at, Math.min(blank, at + 16)))
    const end = /^[1-9]\d*$/.test(digits) ? at + Number(digits) : 0
    const equals = bytes.indexOf(0x3d, blank)
    if (blank === -1 || end <= blank || end > bytes.length || bytes[end - 1] !== 0x0a || equals === -1 || equals >= end) throw badTar(`the pax header at byte ${offset} is malformed`, offset)
    records.set(text(bytes.subarray(blank + 1, equals)), text(bytes.subarray(equals + 1, end - 1)))
    at = end
  }
  return records
}

/** Up to the first zero byte, with what is no UTF-8 replaced. */
export function text (bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end))
}

function ascii (bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
