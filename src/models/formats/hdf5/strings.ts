/** Text of HDF5 files: names and fixed-length strings. */
import type { StringType } from './datatype.ts'

const UTF8 = new TextDecoder('utf-8')

export function decodeText (bytes: Uint8Array): string {
  return UTF8.decode(bytes)
}

/** Bytes up to the first NUL. */
export function untilNull (bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

/** The text of one fixed-length string without its padding. */
export function fixedString (bytes: Uint8Array, padding: StringType['padding']): string {
  if (padding === 'null-terminated') return decodeText(untilNull(bytes))
  const filler = padding === 'null-padded' ? 0 : 0x20
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === filler) end--
  return decodeText(bytes.subarray(0, end))
}
