/** Numbers of variable length and bytes one behind the other, as in the tables of an index. */
import { readVarint } from '../protobuf/varint.ts'
import { malformed } from './fail.ts'

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

  /** A size, an offset or a count: not negative, and exact as a number. */
  number (): number {
    const read = readVarint(this.bytes, this.at, this.what)
    if (read === undefined) throw malformed(`${this.what} ends within a number`)
    if (read.value > Number.MAX_SAFE_INTEGER) throw malformed(`${this.what} has the number ${read.value} where a size is expected`)
    this.at += read.size
    return Number(read.value)
  }

  take (length: number): Uint8Array {
    if (length > this.left) throw malformed(`${this.what} needs ${length} bytes at byte ${this.at} and has ${this.left}`)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}
