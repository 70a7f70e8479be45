/** Parquet's mixture of run lengths and packed bits, for levels, places in a dictionary and truth values. Source: parquet-format, Encodings.md. */
import { invalid } from '../format.ts'

/** `count` whole numbers of `width` bits (0 to 32), as many as are asked for whatever a run claims. Throws when `bytes` end before. */
export function readHybrid (bytes: Uint8Array, width: number, count: number, what: string): Uint32Array {
  if (width > 32) throw invalid(`${what}: numbers of ${width} bits; at most 32 are read`)
  const values = new Uint32Array(count)
  const ends = () => invalid(`${what}: a page ends after ${filled} of ${count} numbers`)
  let [at, filled] = [0, 0]

  const header = (): number => {
    let value = 0
    for (let index = 0; index < 5; index++) {
      if (at >= bytes.length) throw ends()
      const byte = bytes[at++]!
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return value
    }
    throw invalid(`${what}: a run of more than 32 bits`)
  }

  const repeated = (length: number): void => {
    const width8 = Math.ceil(width / 8)
    if (at + width8 > bytes.length) throw ends()
    let value = 0
    for (let index = 0; index < width8; index++) value += bytes[at + index]! * 2 ** (8 * index)
    at += width8
    values.fill(value, filled, filled += Math.min(length, count - filled))
  }

  /** Groups of eight; of the last one only as many bytes need be there as hold what is wanted. */
  const packed = (length: number): void => {
    const wanted = Math.min(length, count - filled)
    if (at + Math.ceil(wanted * width / 8) > bytes.length) throw ends()
    for (let bit = at * 8, end = filled + wanted; filled < end; filled++, bit += width) values[filled] = bitsOf(bytes, bit, width)
    at += length / 8 * width
  }

  while (filled < count) {
    const run = header()
    const length = Math.floor(run / 2)
    if (length === 0) throw invalid(`${what}: an empty run`)
    if (run % 2 === 1) packed(8 * length)
    else repeated(length)
  }
  return values
}

function bitsOf (bytes: Uint8Array, bit: number, width: number): number {
  let [value, taken] = [0, 0]
  while (taken < width) {
    const offset = (bit + taken) % 8
    const take = Math.min(8 - offset, width - taken)
    value += (bytes[Math.floor((bit + taken) / 8)]! >> offset & (2 ** take - 1)) * 2 ** taken
    taken += take
  }
  return value
}
