/** The filter pipeline of chunked datasets: the message, and undoing deflate, shuffle and Fletcher-32. */
import { inflate } from '../../inflate.ts'
import { fletcher32 } from './checksum.ts'
import type { Cursor } from './cursor.ts'
import { allocate, malformed, tooMuch, unsupported } from './fail.ts'
import { MAX_EXPANSION, MAX_FILTERS } from './limits.ts'
import { decodeText, untilNull } from './strings.ts'

export const DEFLATE = 1
export const SHUFFLE = 2
export const FLETCHER32 = 3

const NAMES: Readonly<Record<number, string>> = { 1: 'deflate', 2: 'shuffle', 3: 'fletcher32', 4: 'szip', 5: 'nbit', 6: 'scaleoffset', 32000: 'lzf' }

/** A filter in the order of writing. `values` are its parameters: the level of deflate, the element size of shuffle. */
export interface Hdf5Filter { readonly id: number, readonly name: string, readonly values: readonly number[] }

/** Reads a filter pipeline message of version 1 or 2. */
export function readFilters (cursor: Cursor): Hdf5Filter[] {
  const version = cursor.version(1, 2)
  const count = cursor.u8()
  if (count > MAX_FILTERS) throw tooMuch(cursor.what, cursor.position, 'the number of filters', count, MAX_FILTERS)
  if (version === 1) cursor.skip(6)
  const filters: Hdf5Filter[] = []
  for (let i = 0; i < count; i++) {
    const id = cursor.u16()
    const nameLength = version === 1 || id >= 256 ? cursor.u16() : 0
    cursor.skip(2)
    const valueCount = cursor.u16()
    const stored = decodeText(untilNull(cursor.take(nameLength)))
    if (version === 1) cursor.skip((8 - nameLength % 8) % 8)
    const values = cursor.part(valueCount * 4)
    if (version === 1 && valueCount % 2 === 1) cursor.skip(4)
    filters.push({ id, name: NAMES[id] ?? stored, values: Array.from({ length: valueCount }, () => values.u32()) })
  }
  return filters
}

/** Refuses a pipeline with a filter that cannot be undone here. */
export function checkFilters (filters: readonly Hdf5Filter[], what: string): void {
  for (const { id, name } of filters) {
    if (id !== DEFLATE && id !== SHUFFLE && id !== FLETCHER32) {
      throw unsupported(what, `it is stored with the filter ${name || 'without a name'} (${id}); deflate (gzip), shuffle and fletcher32 are read here`)
    }
  }
}

/**
 * Undoes the filters of one chunk, last first.
 *
 * @param mask bit i set: filter i was left out for this chunk
 * @param size bytes of the chunk when all filters are undone
 * @param offset where the chunk lies in the file, for messages
 */
export async function undoFilters (stored: Uint8Array, filters: readonly Hdf5Filter[], mask: number, size: number, what: string, offset: number): Promise<Uint8Array> {
  let bytes = stored
  for (let i = filters.length - 1; i >= 0; i--) {
    const filter = filters[i] as Hdf5Filter
    if ((mask >>> i & 1) === 1) continue
    if (filter.id === DEFLATE) bytes = await inflateChunk(bytes, size + checksumsBefore(filters, i, mask), what, offset)
    else if (filter.id === FLETCHER32) bytes = verified(bytes, what, offset)
    else bytes = unshuffle(bytes, filter.values[0] ?? 1)
  }
  if (bytes.length !== size) throw malformed(what, offset, `the chunk has ${bytes.length} bytes, ${size} are expected`)
  return bytes
}

/** A checksum that was added before compression is part of what is inflated. */
function checksumsBefore (filters: readonly Hdf5Filter[], index: number, mask: number): number {
  return filters.filter((filter, i) => i < index && filter.id === FLETCHER32 && (mask >>> i & 1) === 0).length * 4
}

async function inflateChunk (compressed: Uint8Array, size: number, what: string, offset: number): Promise<Uint8Array> {
  if (size > compressed.length * MAX_EXPANSION) {
    throw malformed(what, offset, `${compressed.length} compressed bytes cannot become the chunk of ${size} bytes`)
  }
  const bytes = allocate(size, what)
  let at = 0
  async function * once (): AsyncGenerator<Uint8Array> { yield compressed }
  for await (const piece of inflate(once(), 'deflate', `HDF5: ${what}, the chunk at byte ${offset}`, 'invalid-model')) {
    if (at + piece.length > size) throw malformed(what, offset, `the chunk inflates to more than its ${size} bytes`)
    bytes.set(piece, at)
    at += piece.length
  }
  if (at !== size) throw malformed(what, offset, `the chunk inflates to ${at} bytes, ${size} are expected`)
  return bytes
}

function verified (bytes: Uint8Array, what: string, offset: number): Uint8Array {
  if (bytes.length < 4) throw malformed(what, offset, 'the chunk is too short for its checksum')
  const data = bytes.subarray(0, bytes.length - 4)
  const stored = new DataView(bytes.buffer, bytes.byteOffset + data.length, 4).getUint32(0, true)
  const computed = fletcher32(data)
  if (stored !== computed) throw malformed(what, offset, `the Fletcher-32 checksum of the chunk does not match: stored ${stored}, computed ${computed}`)
  return data
}

/** Puts the bytes of elements together again: all first bytes lie first, then all second bytes, ... A rest that is no whole element stays in place. */
export function unshuffle (bytes: Uint8Array, elementSize: number): Uint8Array {
  const count = Math.floor(bytes.length / elementSize)
  if (elementSize <= 1 || count <= 1) return bytes
  const result = new Uint8Array(bytes.length)
  for (let b = 0; b < elementSize; b++) {
    for (let i = 0, from = b * count, to = b; i < count; i++, from++, to += elementSize) result[to] = bytes[from] as number
  }
  result.set(bytes.subarray(count * elementSize), count * elementSize)
  return result
}

/** The inverse of unshuffle. */
export function shuffle (bytes: Uint8Array, elementSize: number): Uint8Array {
  const count = Math.floor(bytes.length / elementSize)
  if (elementSize <= 1 || count <= 1) return bytes
  const result = new Uint8Array(bytes.length)
  for (let b = 0; b < elementSize; b++) {
    for (let i = 0, to = b * count, from = b; i < count; i++, to++, from += elementSize) result[to] = bytes[from] as number
  }
  result.set(bytes.subarray(count * elementSize), count * elementSize)
  return result
}
