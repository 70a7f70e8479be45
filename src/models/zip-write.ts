/** Writing of zip archives from front to back, in pieces, with entries of any size. */
import { EspalierError } from '../errors.ts'
import { crc32 } from './crc32.ts'
import { compressedBy } from './gzip.ts'
import { DESCRIPTOR, directoryRecord, endOf, fields, joined, localHeader, UTF8, type Written } from './zip-records.ts'

export interface ZipInput {
  readonly name: string
  readonly content: Uint8Array | AsyncIterable<Uint8Array>
  /** Deflate it? Stored by default, as Keras does it. */
  readonly deflate?: boolean
}

/**
 * The bytes of an archive of `inputs`, in their order. Content in memory gets its sizes in the local header, streamed content a data descriptor
 * (with zip64 sizes, since it may be large); readers that use the central directory, such as Python's zipfile, take both.
 */
export async function * writeZip (inputs: Iterable<ZipInput> | AsyncIterable<ZipInput>): AsyncGenerator<Uint8Array> {
  const written: Written[] = []
  const names = new Set<string>()
  let offset = 0
  for await (const input of inputs) {
    if (names.has(input.name)) throw new EspalierError('internal', `zip: the entry ${input.name} would be written twice`)
    names.add(input.name)
    const entry = input.content instanceof Uint8Array ? writeKnown(input, input.content, offset) : writeStreamed(input, input.content, offset)
    while (true) {
      const next = await entry.next()
      if (next.done === true) {
        written.push(next.value)
        break
      }
      offset += next.value.length
      yield next.value
    }
  }
  const directory = offset
  for (const entry of written) {
    const record = directoryRecord(entry)
    offset += record.length
    yield record
  }
  yield endOf(written.length, directory, offset - directory)
}

async function * writeKnown (input: ZipInput, content: Uint8Array, offset: number): AsyncGenerator<Uint8Array, Written> {
  const name = new TextEncoder().encode(input.name)
  const data = input.deflate === true ? await collect(compressedBy('deflate-raw', once(content))) : content
  const entry = { name, flags: UTF8, method: input.deflate === true ? 8 : 0, crc: crc32(content), size: content.length, compressed: data.length, offset }
  yield localHeader(entry)
  yield data
  return entry
}

async function * writeStreamed (input: ZipInput, content: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array, Written> {
  const name = new TextEncoder().encode(input.name)
  const head = { name, flags: UTF8 | DESCRIPTOR, method: input.deflate === true ? 8 : 0, offset }
  let [crc, size, compressed] = [0, 0, 0]
  yield localHeader({ ...head, crc, size, compressed })
  const counted = async function * () {
    for await (const piece of content) {
      crc = crc32(piece, crc)
      size += piece.length
      yield piece
    }
  }
  for await (const piece of input.deflate === true ? compressedBy('deflate-raw', counted()) : counted()) {
    compressed += piece.length
    yield piece
  }
  yield fields([4, 0x08074b50], [4, crc], [8, compressed], [8, size])
  return { ...head, crc, size, compressed }
}

async function * once (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function collect (pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return joined(...all)
}
