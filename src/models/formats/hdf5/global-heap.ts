/** The global heap, where variable-length strings lie. */
import type { Cursor } from './cursor.ts'
import { tooMuch } from './fail.ts'
import type { Hdf5File } from './file.ts'
import { MAX_ATTRIBUTE_BYTES } from './limits.ts'

/** Collections that were read, by address: thousands of strings share one. */
export class GlobalHeap {
  readonly #file: Hdf5File
  readonly #collections = new Map<number, Promise<Map<number, Uint8Array>>>()

  constructor (file: Hdf5File) {
    this.#file = file
  }

  /**
   * The bytes of the elements of a variable-length type, from their references: length (4 bytes), collection address, index (4 bytes).
   *
   * @param raw `count` references, as they stand in the dataset or attribute
   */
  async elements (raw: Cursor, count: number, what: string): Promise<Uint8Array[]> {
    const elements: Uint8Array[] = []
    let total = 0
    for (let i = 0; i < count; i++) {
      const length = raw.u32()
      const address = raw.address()
      const index = raw.u32()
      if (length === 0) {
        elements.push(new Uint8Array(0))
        continue
      }
      if (address === undefined) throw raw.fail('the address of a global heap collection is undefined')
      const object = (await this.#collection(address)).get(index)
      if (object === undefined) throw raw.fail(`object ${index} is not in the global heap collection at byte ${address}`)
      if (length > object.length) throw raw.fail(`a string of ${length} bytes is longer than its heap object of ${object.length} bytes`)
      total += length
      if (total > MAX_ATTRIBUTE_BYTES) throw tooMuch(what, raw.position, 'the size of the strings in bytes', total, MAX_ATTRIBUTE_BYTES)
      this.#file.spend(length, what, raw.position)
      elements.push(object.subarray(0, length))
    }
    return elements
  }

  async #collection (address: number): Promise<Map<number, Uint8Array>> {
    const known = this.#collections.get(address)
    if (known !== undefined) return await known
    const read = this.#read(address)
    this.#collections.set(address, read)
    return await read
  }

  async #read (address: number): Promise<Map<number, Uint8Array>> {
    const { lengthSize } = this.#file.sizes
    const head = await this.#file.block(address, 8 + lengthSize, 'a global heap collection')
    head.signature('GCOL')
    head.version(1)
    head.skip(3)
    const size = head.length()
    const body = await this.#file.block(address, size, head.what)
    body.skip(head.at)
    body.align(8)
    const objects = new Map<number, Uint8Array>()
    while (body.remaining >= 8 + lengthSize) {
      const index = body.u16()
      body.skip(2 + 4)
      const length = body.length()
      // Index 0 is the free space and always the last.
      if (index === 0) break
      body.align(8)
      objects.set(index, body.take(length))
      body.skip(Math.min(body.remaining, (8 - length % 8) % 8))
    }
    return objects
  }
}
