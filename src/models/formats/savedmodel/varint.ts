/** Numbers of variable length, seven bits a byte, the lowest first: in protobuf messages and in tables. */
import { malformed } from './fail.ts'

/** A number of 64 bits has at most ten bytes. */
const MAX_BYTES = 10

/** Reads forward through bytes and never past their end. */
export class Reader {
  readonly bytes: Uint8Array
  /** Names the place in messages. */
  readonly what: string
  at = 0

  constructor (bytes: Uint8Array, what: string) {
    this.bytes = bytes
    this.what = what
  }

  get left (): number {
    return this.bytes.length - this.at
  }

  /** All 64 bits, unsigned. */
  wide (): bigint {
    let value = 0n
    for (let index = 0; index < MAX_BYTES; index++) {
      const byte = this.bytes[this.at]
      if (byte === undefined) throw malformed(`${this.what} ends within a number`)
      this.at++
      if (index === MAX_BYTES - 1 && byte > 1) break
      value |= BigInt(byte & 0x7f) << BigInt(7 * index)
      if (byte < 0x80) return value
    }
    throw malformed(`${this.what} has a number of more than 64 bits at byte ${this.at}`)
  }

  /** A size, an offset or a count: not negative, and exact as a number. */
  number (): number {
    let [value, scale] = [0, 1]
    // Four bytes, most numbers there are, need no arithmetic of 64 bits.
    for (let index = 0; index < 4; index++) {
      const byte = this.bytes[this.at + index]
      if (byte === undefined) break
      value += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) {
        this.at += index + 1
        return value
      }
    }
    const wide = this.wide()
    if (wide > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(`${this.what} has the number ${wide} where a size is expected`)
    return Number(wide)
  }

  take (length: number): Uint8Array {
    if (length > this.left) throw malformed(`${this.what} needs ${length} bytes at byte ${this.at} and has ${this.left}`)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}
