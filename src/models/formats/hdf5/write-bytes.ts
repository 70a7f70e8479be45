/** Building of little-endian blocks, and the place where the next block of a written file goes. */
import { EspalierError } from '../../../errors.ts'

/** Where a file is written; any order of offsets. The superblock, at offset 0, comes last. */
export interface Hdf5Sink { write (offset: number, bytes: Uint8Array): Promise<void> }

/** All bits set: the undefined address. */
export const UNDEFINED = -1

/** A block of known size that is filled field by field. */
export class Block {
  readonly bytes: Uint8Array
  at = 0
  readonly #view: DataView

  constructor (size: number) {
    this.bytes = new Uint8Array(size)
    this.#view = new DataView(this.bytes.buffer)
  }

  u8 (...values: number[]): this {
    for (const value of values) this.#view.setUint8(this.at++, value)
    return this
  }

  u16 (value: number): this {
    this.#view.setUint16(this.at, value, true)
    this.at += 2
    return this
  }

  u32 (value: number): this {
    this.#view.setUint32(this.at, value, true)
    this.at += 4
    return this
  }

  /** An address, length or offset of 8 bytes; UNDEFINED becomes all bits set. */
  u64 (value: number): this {
    this.#view.setBigInt64(this.at, BigInt(value), true)
    this.at += 8
    return this
  }

  put (bytes: Uint8Array): this {
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
    return this
  }

  skip (count: number): this {
    this.at += count
    return this
  }

  align (): this {
    this.at = padded(this.at)
    return this
  }
}

/** The next multiple of 8, to which everything in a file with old object headers is aligned. */
export function padded (size: number): number {
  return Math.ceil(size / 8) * 8
}

/** Hands out places in the file one after the other. */
export class Output {
  readonly #sink: Hdf5Sink
  #end: number

  constructor (sink: Hdf5Sink, start: number) {
    this.#sink = sink
    this.#end = start
  }

  /** Bytes of the file so far. */
  get size (): number {
    return this.#end
  }

  allocate (size: number): number {
    const at = padded(this.#end)
    this.#end = at + size
    if (!Number.isSafeInteger(this.#end)) throw new EspalierError('limit-exceeded', 'HDF5: the file would be larger than 2^53 bytes')
    return at
  }

  async write (offset: number, bytes: Uint8Array): Promise<void> {
    await this.#sink.write(offset, bytes)
  }

  async append (bytes: Uint8Array): Promise<number> {
    const at = this.allocate(bytes.length)
    await this.write(at, bytes)
    return at
  }
}
