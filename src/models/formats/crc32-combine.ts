/** The CRC-32 of a file that is written in any order, out of the checksums of its pieces. */
import { EspalierError } from '../../errors.ts'
import { crc32 } from '../crc32.ts'

const POLYNOMIAL = 0xedb88320

/** a * b modulo the polynomial, in the reflected order of bits. Source: zlib's crc32.c, multmodp. */
function multiply (a: number, b: number): number {
  let product = 0
  for (let mask = 0x80000000; ; mask >>>= 1) {
    if ((a & mask) !== 0) {
      product ^= b
      if ((a & (mask - 1)) === 0) return product >>> 0
    }
    b = (b & 1) !== 0 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1
  }
}

/** x^(2^n) modulo the polynomial, by n. */
const SQUARES = squares()

function squares (): number[] {
  const table = [0x40000000]
  while (table.length < 32) table.push(multiply(table.at(-1)!, table.at(-1)!))
  return table
}

/** x^(8 * bytes): what `bytes` zero bytes behind a message multiply its checksum by. The powers repeat after 2^32 - 1, so 32 squares do. */
function shift (bytes: number): number {
  let power = 0x80000000
  let index = 3
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(SQUARES[index % 32]!, power)
    index++
  }
  return power
}

/** The checksum of A followed by B, from those of A and B. */
export function combine (first: number, second: number, secondLength: number): number {
  return (multiply(shift(secondLength), first) ^ second) >>> 0
}

/** Collects pieces written at any offset and tells the checksum of the whole; places never written count as zeros. */
export class ScatteredCrc {
  readonly #pieces: Array<{ offset: number, length: number, crc: number }> = []

  add (offset: number, bytes: Uint8Array): void {
    const last = this.#pieces.at(-1)
    if (last !== undefined && last.offset + last.length === offset) {
      last.crc = crc32(bytes, last.crc)
      last.length += bytes.length
    } else if (bytes.length > 0) {
      this.#pieces.push({ offset, length: bytes.length, crc: crc32(bytes) })
    }
  }

  /** Of `size` bytes from offset 0. Throws `internal` when a place was written twice: its checksum is not known any more. */
  total (size: number): number {
    let [crc, at] = [0, 0]
    const append = (piece: number, length: number) => {
      crc = combine(crc, piece, length)
      at += length
    }
    for (const { offset, length, crc: piece } of [...this.#pieces].sort((a, b) => a.offset - b.offset)) {
      if (offset < at) throw new EspalierError('internal', `byte ${offset} was written twice`)
      append(zeros(offset - at), offset - at)
      append(piece, length)
    }
    append(zeros(size - at), size - at)
    return crc
  }
}

/** The checksum of `count` zero bytes. */
function zeros (count: number): number {
  const block = new Uint8Array(Math.min(count, 1024))
  let crc = 0
  let done = 0
  for (; count - done >= block.length && block.length > 0; done += block.length) crc = crc32(block, crc)
  return crc32(block.subarray(0, count - done), crc)
}
