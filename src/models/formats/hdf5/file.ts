/** An open HDF5 file: metadata blocks through a small page cache, data directly, and a budget for all metadata. */
import type { ByteSource } from '../../bytes.ts'
import { Cursor, type FieldSizes } from './cursor.ts'
import { malformed, tooMuch } from './fail.ts'
import { MAX_METADATA_RATIO, MAX_NAMES_PER_BYTE, MAX_OBJECTS, MAX_UNSTORED_BYTES, METADATA_ALLOWANCE, PAGE_BYTES, PAGES_KEPT } from './limits.ts'

export class Hdf5File {
  readonly source: ByteSource
  sizes: FieldSizes = { offsetSize: 8, lengthSize: 8, base: 0 }
  readonly #pages = new Map<number, Promise<Uint8Array>>()
  readonly #budget: number
  #spent = 0
  #objects = 0
  #claimed = 0
  #expansion = MAX_NAMES_PER_BYTE

  constructor (source: ByteSource) {
    this.source = source
    this.#budget = source.size * MAX_METADATA_RATIO + METADATA_ALLOWANCE
  }

  /** Counts `bytes` of metadata work; throws when a file makes the reader look at its bytes again and again. */
  spend (bytes: number, what: string, offset: number): void {
    this.#spent += bytes
    if (this.#spent > this.#budget) throw tooMuch(what, offset, 'the metadata read so far', this.#spent, this.#budget)
  }

  /** Counts one more group or dataset. */
  countObject (what: string, offset: number): void {
    this.#objects++
    if (this.#objects > MAX_OBJECTS) throw tooMuch(what, offset, 'the number of objects', this.#objects, MAX_OBJECTS)
  }

  /**
   * Counts `bytes` of a dataset; throws when all datasets together claim more than the file can hold: thousands of names may stand for the same bytes, or for
   * fill values, and each would be read.
   *
   * @param expansion bytes that a stored byte can become
   */
  claim (bytes: number, expansion: number, what: string, offset: number): void {
    this.#claimed += bytes
    this.#expansion = Math.max(this.#expansion, expansion)
    const possible = Math.max(this.source.size * this.#expansion, MAX_UNSTORED_BYTES)
    if (this.#claimed > possible) {
      throw malformed(what, offset, `it claims ${bytes} bytes; with the datasets before it these are ${this.#claimed}, which a file of ${this.source.size} bytes cannot hold`, { bytes, size: this.source.size })
    }
  }

  /** A block of metadata, checked to lie within the file. */
  async block (offset: number, length: number, what: string): Promise<Cursor> {
    this.assertWithin(offset, length, what)
    this.spend(length, what, offset)
    return new Cursor(await this.#cached(offset, length), offset, what, this.sizes)
  }

  /** Bytes of a dataset; not kept. */
  async data (offset: number, length: number, what: string): Promise<Uint8Array> {
    this.assertWithin(offset, length, what)
    return plain(await this.source.read(offset, length))
  }

  assertWithin (offset: number, length: number, what: string): void {
    const size = this.source.size
    if (!Number.isSafeInteger(offset + length) || offset + length > size) {
      throw malformed(what, offset, `${length} bytes are needed, the file ends at byte ${size}`, { length, size })
    }
  }

  async #cached (offset: number, length: number): Promise<Uint8Array> {
    if (length > PAGE_BYTES) return plain(await this.source.read(offset, length))
    const first = Math.floor(offset / PAGE_BYTES)
    const last = Math.floor((offset + Math.max(length, 1) - 1) / PAGE_BYTES)
    const from = offset - first * PAGE_BYTES
    const head = await this.#page(first)
    if (last === first) return head.subarray(from, from + length)
    const tail = await this.#page(last)
    const joined = new Uint8Array(length)
    joined.set(head.subarray(from))
    joined.set(tail.subarray(0, length - (head.length - from)), head.length - from)
    return joined
  }

  async #page (index: number): Promise<Uint8Array> {
    const known = this.#pages.get(index)
    this.#pages.delete(index)
    const offset = index * PAGE_BYTES
    const page = known ?? this.source.read(offset, Math.max(0, Math.min(PAGE_BYTES, this.source.size - offset))).then(plain)
    // A Map keeps the order of insertion: the first page is the one not used for longest.
    this.#pages.set(index, page)
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > PAGES_KEPT && oldest !== undefined) this.#pages.delete(oldest)
    return await page
  }
}

/** The same bytes as a plain Uint8Array: the `slice` of subclasses such as Node's Buffer does not copy. */
function plain (bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
