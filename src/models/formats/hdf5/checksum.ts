/** The two checksums of HDF5: Bob Jenkins' lookup3 for metadata and Fletcher-32 for chunks. */
import type { Cursor } from './cursor.ts'

/** lookup3 "hashlittle" with initial value 0 (http://burtleburtle.net/bob/c/lookup3.c), as an unsigned 32-bit integer. */
export function lookup3 (bytes: Uint8Array): number {
  let a = (0xdeadbeef + bytes.length) | 0
  let b = a
  let c = a
  const word = (at: number): number => {
    let value = 0
    for (let i = 0; i < 4; i++) value |= (bytes[at + i] ?? 0) << (8 * i)
    return value
  }
  const turn = (x: number, by: number): number => (x << by) | (x >>> (32 - by))
  let at = 0
  for (; bytes.length - at > 12; at += 12) {
    a = (a + word(at)) | 0
    b = (b + word(at + 4)) | 0
    c = (c + word(at + 8)) | 0
    a = (a - c) ^ turn(c, 4)
    c = (c + b) | 0
    b = (b - a) ^ turn(a, 6)
    a = (a + c) | 0
    c = (c - b) ^ turn(b, 8)
    b = (b + a) | 0
    a = (a - c) ^ turn(c, 16)
    c = (c + b) | 0
    b = (b - a) ^ turn(a, 19)
    a = (a + c) | 0
    c = (c - b) ^ turn(b, 4)
    b = (b + a) | 0
  }
  if (at === bytes.length) return c >>> 0
  a = (a + word(at)) | 0
  b = (b + word(at + 4)) | 0
  c = (c + word(at + 8)) | 0
  c = ((c ^ b) - turn(b, 14)) | 0
  a = ((a ^ c) - turn(c, 11)) | 0
  b = ((b ^ a) - turn(a, 25)) | 0
  c = ((c ^ b) - turn(b, 16)) | 0
  a = ((a ^ c) - turn(c, 4)) | 0
  b = ((b ^ a) - turn(a, 14)) | 0
  c = ((c ^ b) - turn(b, 24)) | 0
  return c >>> 0
}

/** Throws unless the four bytes at the cursor are the lookup3 checksum of all bytes of the block before them. */
export function verifyChecksum (cursor: Cursor): void {
  const computed = lookup3(cursor.bytes.subarray(0, cursor.at))
  const stored = cursor.u32()
  if (stored !== computed) throw cursor.fail(`the checksum does not match: stored ${stored}, computed ${computed}`)
}

/** Fletcher-32 as HDF5 computes it: big-endian 16-bit words, an odd last byte as the high half of a word. */
export function fletcher32 (bytes: Uint8Array): number {
  let low = 0
  let high = 0
  const even = bytes.length & ~1
  for (let at = 0; at < even;) {
    const end = Math.min(at + 720, even)
    for (; at < end; at += 2) {
      low += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
      high += low
    }
    low = (low & 0xffff) + (low >>> 16)
    high = (high & 0xffff) + (high >>> 16)
  }
  if (even < bytes.length) {
    low += (bytes[even] ?? 0) << 8
    high += low
    low = (low & 0xffff) + (low >>> 16)
    high = (high & 0xffff) + (high >>> 16)
  }
  low = (low & 0xffff) + (low >>> 16)
  high = (high & 0xffff) + (high >>> 16)
  return ((high << 16) | low) >>> 0
}
