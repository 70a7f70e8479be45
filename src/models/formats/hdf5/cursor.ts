/** Reading of little-endian fields one after the other from a block of an HDF5 file, never past its end. */
import { malformed } from './fail.ts'

/** Sizes of addresses and lengths, from the superblock, and what addresses are relative to. */
export interface FieldSizes { readonly offsetSize: number, readonly lengthSize: number, readonly base: number }

const LATIN = new TextDecoder('latin1')

export class Cursor {
  readonly bytes: Uint8Array
  /** Where the block begins in the file, for messages. */
  readonly start: number
  readonly what: string
  readonly sizes: FieldSizes
  at = 0
  readonly #view: DataView

  constructor (bytes: Uint8Array, start: number, what: string, sizes: FieldSizes) {
    this.bytes = bytes
    this.start = start
    this.what = what
    this.sizes = sizes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining (): number {
    return this.bytes.length - this.at
  }

  /** Offset in the file of the next byte. */
  get position (): number {
    return this.start + this.at
  }

  fail (problem: string, details: Record<string, unknown> = {}): Error {
    return malformed(this.what, this.position, problem, details)
  }

  #advance (count: number): number {
    const from = this.at
    if (count < 0 || count > this.remaining) throw this.fail(`${count} bytes are needed, the block has ${this.remaining} left`)
    this.at += count
    return from
  }

  u8 (): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u16 (): number {
    return this.#view.getUint16(this.#advance(2), true)
  }

  u32 (): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  /** An unsigned integer of 0 to 8 bytes; above 2^53 - 1 it cannot be a place in a file and is refused. */
  uint (size: number): number {
    const from = this.#advance(size)
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (this.bytes[from + i] ?? 0)
    if (!Number.isSafeInteger(value)) throw malformed(this.what, this.start + from, `a number of ${size} bytes is too large (${value})`)
    return value
  }

  /** A length, of the size the superblock gives. */
  length (): number {
    return this.uint(this.sizes.lengthSize)
  }

  /** An absolute offset in the file; undefined when the address is "undefined" (all bits set). */
  address (): number | undefined {
    const from = this.at
    const size = this.sizes.offsetSize
    const bytes = this.take(size)
    if (bytes.every((byte) => byte === 0xff)) return undefined
    this.at = from
    return this.uint(size) + this.sizes.base
  }

  /** An address that must be defined. */
  place (name: string): number {
    const address = this.address()
    if (address === undefined) throw this.fail(`the address of ${name} is undefined`)
    return address
  }

  take (count: number): Uint8Array {
    const from = this.#advance(count)
    return this.bytes.subarray(from, from + count)
  }

  skip (count: number): void {
    this.#advance(count)
  }

  /** Skips to the next multiple of `unit`, counted from `origin`. */
  align (unit: number, origin = 0): void {
    const over = (this.at - origin) % unit
    if (over > 0) this.#advance(unit - over)
  }

  /** A part of the block as a cursor of its own, with the name of what it holds. */
  part (count: number, what = this.what): Cursor {
    const from = this.#advance(count)
    return new Cursor(this.bytes.subarray(from, from + count), this.start + from, what, this.sizes)
  }

  signature (expected: string): void {
    const found = LATIN.decode(this.take(expected.length))
    if (found !== expected) {
      this.at -= expected.length
      throw this.fail(`the signature "${expected}" is expected, found ${JSON.stringify(found)}`)
    }
  }

  version (...allowed: number[]): number {
    const found = this.u8()
    if (!allowed.includes(found)) {
      this.at -= 1
      throw this.fail(`version ${found} is not known, ${allowed.join(' or ')} would be`)
    }
    return found
  }
}
