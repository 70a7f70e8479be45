/** Checksums of a blob's pieces, so that a part of it can be checked without reading the whole. */
import { crc32 } from 'node:zlib'
import { damaged, Meter } from './content.ts'

/** Size of a piece. A read checks whole pieces: larger ones cost small reads more, smaller ones make more sums (4 bytes each). */
export const SUM_BYTES = 64 * 1024

/** CRC-32 (RFC 1952) of each piece of a blob of `bytes` bytes; the last may be shorter. */
export interface Sums { readonly bytes: number, readonly values: Uint32Array }

/** Sums of what comes in, in chunks of any size. */
export class Summer {
  #values = new Uint32Array(64)
  #pieces = 0
  #current = 0
  #filled = 0
  #bytes = 0

  add (chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + SUM_BYTES - this.#filled)
      this.#current = crc32(part, this.#current)
      this.#filled += part.byteLength
      at += part.byteLength
      if (this.#filled === SUM_BYTES) this.#end()
    }
    this.#bytes += chunk.byteLength
  }

  /** Of all that came in. Nothing may be added afterwards. */
  sums (): Sums {
    if (this.#filled > 0) this.#end()
    return { bytes: this.#bytes, values: this.#values.slice(0, this.#pieces) }
  }

  #end (): void {
    if (this.#pieces === this.#values.length) {
      const longer = new Uint32Array(2 * this.#pieces)
      longer.set(this.#values)
      this.#values = longer
    }
    this.#values[this.#pieces++] = this.#current
    this.#current = this.#filled = 0
  }
}

const MAGIC = Buffer.from('ESPSUMS1')
const HEADER_BYTES = MAGIC.length + 4 + 8

/** The file of a blob's sums: magic, size of a piece (u32), size of the blob (u64), the sums (u32), the CRC-32 of all that; little-endian. */
export function encodeSums ({ bytes, values }: Sums): Buffer {
  const file = Buffer.alloc(HEADER_BYTES + 4 * values.length + 4)
  MAGIC.copy(file)
  file.writeUInt32LE(SUM_BYTES, MAGIC.length)
  file.writeBigUInt64LE(BigInt(bytes), MAGIC.length + 4)
  values.forEach((value, piece) => { file.writeUInt32LE(value, HEADER_BYTES + 4 * piece) })
  file.writeUInt32LE(crc32(file.subarray(0, -4)), file.length - 4)
  return file
}

/** Null for anything but the intact sums of a blob of `bytes` bytes: they can be made anew from it. */
export function decodeSums (file: Uint8Array | null, bytes: number): Sums | null {
  const pieces = Math.ceil(bytes / SUM_BYTES)
  if (file === null || file.byteLength !== HEADER_BYTES + 4 * pieces + 4) return null
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const intact = MAGIC.equals(view.subarray(0, MAGIC.length)) && view.readUInt32LE(MAGIC.length) === SUM_BYTES && view.readBigUInt64LE(MAGIC.length + 4) === BigInt(bytes) &&
    view.readUInt32LE(view.length - 4) === crc32(view.subarray(0, -4))
  return intact ? { bytes, values: Uint32Array.from({ length: pieces }, (_, piece) => view.readUInt32LE(HEADER_BYTES + 4 * piece)) } : null
}

/** The pieces that hold bytes [from, to), as a range of bytes. */
export function wholePieces (bytes: number, from: number, to: number): { from: number, to: number } {
  return { from: Math.floor(from / SUM_BYTES) * SUM_BYTES, to: Math.min(Math.ceil(to / SUM_BYTES) * SUM_BYTES, bytes) }
}

/** Checks whole pieces, of which there ought to be `length` bytes, that lie at `offset` of the blob. @throws `blob-damaged` naming the first that is not what was stored */
export function checkPieces (sha256: string, sums: Sums, offset: number, content: Uint8Array, length = content.byteLength): void {
  for (let at = 0; at < content.byteLength; at += SUM_BYTES) {
    const piece = content.subarray(at, at + SUM_BYTES)
    if (crc32(piece) !== sums.values[(offset + at) / SUM_BYTES]) throw damaged(sha256, `bytes ${offset + at} to ${offset + at + piece.byteLength}`, { from: offset + at, to: offset + at + piece.byteLength })
  }
  if (content.byteLength < length) throw damaged(sha256, `bytes ${offset + content.byteLength} to ${offset + length}, which are not there,`, { from: offset + content.byteLength, to: offset + length })
}

/** Sums made from all of a blob. @throws `blob-damaged` when it is not what its address says */
export async function sumsOf (sha256: string, bytes: number, content: AsyncIterable<Uint8Array>): Promise<Sums> {
  const [meter, summer] = [new Meter(), new Summer()]
  for await (const chunk of content) {
    meter.add(chunk)
    summer.add(chunk)
  }
  meter.verify(sha256, bytes)
  return summer.sums()
}

/** Bytes [from, to) out of whole pieces that begin at `offset`, each chunk checked before it is passed on. */
export async function * checked (sha256: string, sums: Sums, content: AsyncIterable<Uint8Array>, offset: number, from: number, to: number): AsyncGenerator<Uint8Array> {
  let at = offset
  for await (const chunk of content) {
    checkPieces(sha256, sums, at, chunk)
    const part = chunk.subarray(Math.max(0, from - at), Math.min(chunk.byteLength, to - at))
    at += chunk.byteLength
    if (part.byteLength > 0) yield part
  }
  if (at < to) throw damaged(sha256, `its ${sums.bytes} bytes, of which ${at} are there,`, { from: at, to })
}
