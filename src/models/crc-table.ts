/** Checksums by table, eight bytes at a time, of any reflected polynomial of 32 bits. */

const SLICES = 8

function makeTable (polynomial: number): Uint32Array {
  const table = new Uint32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ polynomial : value >>> 1
    table[byte] = value
  }
  for (let slice = 1; slice < SLICES; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = table[(slice - 1) * 256 + byte]!
      table[slice * 256 + byte] = (before >>> 8) ^ table[before & 0xff]!
    }
  }
  return table
}

/** The checksum of bytes, continued from `before` (the checksum of what came ahead of them; 0 at the start). */
export type Checksum = (bytes: Uint8Array, before?: number) => number

/** `polynomial` in the reflected order of bits; the sum starts and ends inverted. */
export function checksumOf (polynomial: number): Checksum {
  const t = makeTable(polynomial)
  return (bytes, before = 0) => {
    let crc = ~before
    let at = 0
    for (const whole = bytes.length - 7; at < whole; at += 8) {
      const low = crc ^ (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24)
      crc = t[1792 + (low & 0xff)]! ^ t[1536 + (low >>> 8 & 0xff)]! ^ t[1280 + (low >>> 16 & 0xff)]! ^ t[1024 + (low >>> 24)]! ^
        t[768 + bytes[at + 4]!]! ^ t[512 + bytes[at + 5]!]! ^ t[256 + bytes[at + 6]!]! ^ t[bytes[at + 7]!]!
    }
    for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!
    return ~crc >>> 0
  }
}
