/** Thrift's compact protocol, in which Parquet writes its metadata: read into fields by number, no larger than the bytes allow. Source: thrift-compact-protocol.md. */
import { invalid } from '../format.ts'

type Value = number | boolean | Uint8Array | readonly Value[] | Fields

/** The fields of a struct. What is of another type than asked for is an error; what is missing is undefined. */
export class Fields {
  readonly #values = new Map<number, Value>()
  readonly #what: string

  constructor (what: string) {
    this.#what = what
  }

  set (field: number, value: Value): void {
    this.#values.set(field, value)
  }

  has (field: number): boolean {
    return this.#values.has(field)
  }

  /** A whole number; 64-bit ones are only exact up to 2^53, so that larger ones are refused. */
  whole (field: number): number | undefined {
    const value = this.#values.get(field)
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value
    throw this.#wrong(field, 'a whole number')
  }

  flag (field: number): boolean | undefined {
    const value = this.#values.get(field)
    if (value === undefined || typeof value === 'boolean') return value
    throw this.#wrong(field, 'true or false')
  }

  text (field: number): string | undefined {
    const value = this.#values.get(field)
    if (value === undefined) return undefined
    if (value instanceof Uint8Array) return new TextDecoder().decode(value)
    throw this.#wrong(field, 'a text')
  }

  struct (field: number): Fields | undefined {
    const value = this.#values.get(field)
    if (value === undefined || value instanceof Fields) return value
    throw this.#wrong(field, 'a struct')
  }

  structs (field: number): readonly Fields[] | undefined {
    const value = this.#values.get(field)
    if (value === undefined) return undefined
    if (Array.isArray(value) && value.every((one) => one instanceof Fields)) return value as Fields[]
    throw this.#wrong(field, 'a list of structs')
  }

  #wrong (field: number, wanted: string): Error {
    return invalid(`${this.#what}: field ${field} of its metadata is not ${wanted}`)
  }
}

const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]

/** Parquet's own structs lie 6 deep. */
const MAX_DEPTH = 16

/** Of a struct and all within it: 100 row groups of 1000 columns have a tenth of this. */
const MAX_VALUES = 2 ** 23

/** A struct and where it ends; undefined when `bytes` end before it does. `what` is named in errors. */
export function readStruct (bytes: Uint8Array, what: string): { fields: Fields, end: number } | undefined {
  const cursor = new Cursor(bytes, what)
  const fields = cursor.struct(0)
  return cursor.ended ? undefined : { fields, end: cursor.at }
}

class Cursor {
  readonly #bytes: Uint8Array
  readonly #what: string
  #values = 0
  at = 0
  ended = false

  constructor (bytes: Uint8Array, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  struct (depth: number): Fields {
    const fields = new Fields(this.#what)
    let field = 0
    while (!this.ended) {
      const byte = this.#byte()
      const type = byte & 0x0f
      if (type === 0) break
      field = byte >> 4 === 0 ? this.#zigzag() : field + (byte >> 4)
      fields.set(field, type === TRUE || type === FALSE ? type === TRUE : this.#value(type, depth))
    }
    return fields
  }

  #value (type: number, depth: number): Value {
    if (depth > MAX_DEPTH || ++this.#values > MAX_VALUES) throw invalid(`${this.#what}: its metadata are nested too deep or too many`)
    switch (type) {
      case TRUE: case FALSE: return this.#byte() === TRUE
      case BYTE: return this.#byte() << 24 >> 24
      case I16: case I32: case I64: return this.#zigzag()
      case DOUBLE: return this.#skip(8).length
      case BINARY: return this.#skip(this.#varint())
      case LIST: case SET: return this.#list(depth + 1)
      case STRUCT: return this.struct(depth + 1)
      default: throw invalid(`${this.#what}: its metadata have a value of the type ${type}, which Parquet does not use`)
    }
  }

  #list (depth: number): Value[] {
    const byte = this.#byte()
    const size = byte >> 4 === 15 ? this.#varint() : byte >> 4
    const values: Value[] = []
    for (let index = 0; index < size && !this.ended; index++) values.push(this.#value(byte & 0x0f, depth))
    return values
  }

  #byte (): number {
    if (this.at < this.#bytes.length) return this.#bytes[this.at++]!
    this.ended = true
    return 0
  }

  #skip (length: number): Uint8Array {
    this.ended ||= length > this.#bytes.length - this.at
    const part = this.#bytes.subarray(this.at, this.at + length)
    this.at += part.length
    return part
  }

  /** Seven bits a byte, the lowest first; ten bytes hold 64. */
  #varint (): number {
    let value = 0
    for (let index = 0; index < 10; index++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return value
    }
    throw invalid(`${this.#what}: its metadata have a number of more than 64 bits`)
  }

  /** 0, -1, 1, -2, ... */
  #zigzag (): number {
    const value = this.#varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}
