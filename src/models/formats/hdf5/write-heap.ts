/** Writing of the global heap: variable-length strings in collections of 4096 bytes, larger strings in one of their own. */
import { Block, padded, type Output } from './write-bytes.ts'

const COLLECTION_BYTES = 4096
const PREFIX = 16

/** Bytes of a reference to a string: length, address of the collection, index. */
export const REFERENCE_BYTES = 16

interface Open { readonly address: number, readonly objects: Uint8Array[], used: number }

export class HeapWriter {
  readonly #output: Output
  #open: Open | undefined

  constructor (output: Output) {
    this.#output = output
  }

  /** Stores strings and gives the references to them, 16 bytes each. */
  async references (items: readonly Uint8Array[]): Promise<Uint8Array> {
    const block = new Block(items.length * REFERENCE_BYTES)
    for (const item of items) {
      // An empty string has no object: its reference is all zeros.
      if (item.length === 0) {
        block.skip(REFERENCE_BYTES)
        continue
      }
      const { address, index } = await this.#store(item)
      block.u32(item.length).u64(address).u32(index)
    }
    return block.bytes
  }

  /** Writes the collection that is not full yet. */
  async flush (): Promise<void> {
    if (this.#open === undefined) return
    await this.#output.write(this.#open.address, collection(this.#open.objects, COLLECTION_BYTES))
    this.#open = undefined
  }

  async #store (item: Uint8Array): Promise<{ address: number, index: number }> {
    const size = PREFIX + padded(item.length)
    if (PREFIX + size > COLLECTION_BYTES) return { address: await this.#output.append(collection([item], PREFIX + size)), index: 1 }
    if (this.#open !== undefined && this.#open.used + size > COLLECTION_BYTES) await this.flush()
    this.#open ??= { address: this.#output.allocate(COLLECTION_BYTES), objects: [], used: PREFIX }
    this.#open.objects.push(item)
    this.#open.used += size
    return { address: this.#open.address, index: this.#open.objects.length }
  }
}

function collection (objects: readonly Uint8Array[], size: number): Uint8Array {
  const block = new Block(size).put(new TextEncoder().encode('GCOL')).u8(1, 0, 0, 0).u64(size)
  for (const [i, object] of objects.entries()) block.u16(i + 1).u16(1).u32(0).u64(object.length).put(object).align()
  // What is left is object 0, whose size counts its own prefix.
  const free = size - block.at
  if (free >= PREFIX) block.u16(0).u16(0).u32(0).u64(free)
  return block.bytes
}
