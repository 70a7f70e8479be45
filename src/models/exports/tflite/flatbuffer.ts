/** Reads tables and vectors of a flatbuffer; every offset and length is compared with the bytes that there are. */
import { EspalierError } from '../../../errors.ts'

export function malformed (text: string): EspalierError {
  return new EspalierError('invalid-model', `the TFLite file is malformed: ${text}`)
}

/** How often every byte may be read as part of a list, on average. */
const MAX_READ = 4

/** What a file may have of anything; a larger model has 100,000 operators, of some inputs each. */
const MAX_ENTRIES = 1_000_000

export class FlatBuffer {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #read = 0

  constructor (bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  root (): Table {
    return new Table(this, this.indirect(0))
  }

  /** The place that the offset at `at` leads to. */
  indirect (at: number): number {
    const offset = this.uint32(at)
    if (offset === 0) throw malformed(`the offset at byte ${at} leads nowhere`)
    this.assertWithin(at + offset, 4)
    return at + offset
  }

  /** First element and number of elements of `size` bytes of the vector at `at`. */
  vector (at: number, size: number): { first: number, length: number } {
    const length = this.uint32(at)
    if (size > 1 && length > MAX_ENTRIES * 64) throw malformed(`the vector at byte ${at} has ${length} entries`)
    this.assertWithin(at + 4, length * size)
    // Offsets may lead to one place from everywhere: what is read of a file is not much more than the file.
    this.#read += length * size
    if (this.#read > MAX_READ * this.bytes.length) throw malformed('its parts refer to each other more often than its bytes can stand for')
    return { first: at + 4, length }
  }

  int8 (at: number): number { this.assertWithin(at, 1); return this.#view.getInt8(at) }
  uint8 (at: number): number { this.assertWithin(at, 1); return this.#view.getUint8(at) }
  uint16 (at: number): number { this.assertWithin(at, 2); return this.#view.getUint16(at, true) }
  int32 (at: number): number { this.assertWithin(at, 4); return this.#view.getInt32(at, true) }
  uint32 (at: number): number { this.assertWithin(at, 4); return this.#view.getUint32(at, true) }
  float32 (at: number): number { this.assertWithin(at, 4); return this.#view.getFloat32(at, true) }
  int64 (at: number): number { this.assertWithin(at, 8); return Number(this.#view.getBigInt64(at, true)) }

  assertWithin (at: number, size: number): void {
    if (at < 0 || at + size > this.bytes.length) throw malformed(`byte ${at + size} is needed, there are ${this.bytes.length}`)
  }
}

export class Table {
  readonly #buffer: FlatBuffer
  readonly #at: number
  readonly #fields: number
  readonly #size: number

  constructor (buffer: FlatBuffer, at: number) {
    this.#buffer = buffer
    this.#at = at
    this.#fields = at - buffer.int32(at)
    this.#size = buffer.uint16(this.#fields)
    buffer.assertWithin(this.#fields, this.#size)
  }

  int8 (id: number): number { const at = this.#place(id); return at === 0 ? 0 : this.#buffer.int8(at) }
  uint8 (id: number): number { const at = this.#place(id); return at === 0 ? 0 : this.#buffer.uint8(at) }
  int32 (id: number): number { const at = this.#place(id); return at === 0 ? 0 : this.#buffer.int32(at) }
  uint32 (id: number): number { const at = this.#place(id); return at === 0 ? 0 : this.#buffer.uint32(at) }
  float32 (id: number): number { const at = this.#place(id); return at === 0 ? 0 : this.#buffer.float32(at) }

  text (id: number): string {
    return new TextDecoder().decode(this.data(id) ?? new Uint8Array())
  }

  /** The bytes of a vector, not copied. */
  data (id: number): Uint8Array | undefined {
    const at = this.#place(id)
    if (at === 0) return undefined
    const { first, length } = this.#buffer.vector(this.#buffer.indirect(at), 1)
    return this.#buffer.bytes.subarray(first, first + length)
  }

  table (id: number): Table | undefined {
    const at = this.#place(id)
    return at === 0 ? undefined : new Table(this.#buffer, this.#buffer.indirect(at))
  }

  integers (id: number): number[] | undefined { return this.#list(id, 4, (at) => this.#buffer.int32(at)) }
  floats (id: number): number[] | undefined { return this.#list(id, 4, (at) => this.#buffer.float32(at)) }
  longs (id: number): number[] | undefined { return this.#list(id, 8, (at) => this.#buffer.int64(at)) }

  tables (id: number): Table[] {
    return this.#list(id, 4, (at) => new Table(this.#buffer, this.#buffer.indirect(at))) ?? []
  }

  #list<T> (id: number, size: number, read: (at: number) => T): T[] | undefined {
    const at = this.#place(id)
    if (at === 0) return undefined
    const { first, length } = this.#buffer.vector(this.#buffer.indirect(at), size)
    if (length > MAX_ENTRIES) throw malformed(`a list has ${length} entries, at most ${MAX_ENTRIES} are read`)
    return Array.from({ length }, (_, index) => read(first + index * size))
  }

  /** Where a field stands; 0 when it is absent. */
  #place (id: number): number {
    const slot = 4 + 2 * id
    const offset = slot + 2 <= this.#size ? this.#buffer.uint16(this.#fields + slot) : 0
    return offset === 0 ? 0 : this.#at + offset
  }
}
