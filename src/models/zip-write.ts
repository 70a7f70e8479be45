/** Writing of zip archives from front to back, in pieces, with entries of any size. */
import { EspalierError } from '../errors.ts'
import { crc32 } from './crc32.ts'

export interface ZipInput {
  readonly name: string
  readonly content: Uint8Array | AsyncIterable<Uint8Array>
  /** Deflate it? Stored by default, as Keras does it. */
  readonly deflate?: boolean
}

interface Written {
  readonly name: Uint8Array
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly size: number
  readonly compressed: number
  /** Of the local header. */
  readonly offset: number
}

const UTF8 = 0x0800
/** Sizes and checksum follow the data, for content that is not known beforehand. */
const DESCRIPTOR = 0x0008
const MAX32 = 0xffffffff
/** 1 January 1980, 0:00, the earliest a zip can tell: the same files always make the same bytes. */
const DATE = 0x0021

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
  const data = input.deflate === true ? await collect(deflated(once(content))) : content
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
  for await (const piece of input.deflate === true ? deflated(counted()) : counted()) {
    compressed += piece.length
    yield piece
  }
  yield fields([4, 0x08074b50], [4, crc], [8, compressed], [8, size])
  return { ...head, crc, size, compressed }
}

function localHeader ({ name, flags, method, crc, size, compressed }: Written): Uint8Array {
  const isWide = (flags & DESCRIPTOR) !== 0 || size >= MAX32 || compressed >= MAX32
  const extra = isWide ? fields([2, 1], [2, 16], [8, size], [8, compressed]) : new Uint8Array()
  const sizes = isWide ? [MAX32, MAX32] as const : [compressed, size] as const
  return joined(fields([4, 0x04034b50], [2, isWide ? 45 : 20], [2, flags], [2, method], [2, 0], [2, DATE], [4, crc], [4, sizes[0]], [4, sizes[1]],
    [2, name.length], [2, extra.length]), name, extra)
}

function directoryRecord ({ name, flags, method, crc, size, compressed, offset }: Written): Uint8Array {
  const wide = [size, compressed, offset].filter((value) => value >= MAX32)
  const extra = wide.length > 0 ? fields([2, 1], [2, 8 * wide.length], ...wide.map((value) => [8, value] as const)) : new Uint8Array()
  const version = wide.length > 0 || (flags & DESCRIPTOR) !== 0 ? 45 : 20
  // 3 << 8: made on Unix; the external attributes then are the file's mode, rw-r--r-- of a regular file.
  return joined(fields([4, 0x02014b50], [2, 3 << 8 | version], [2, version], [2, flags], [2, method], [2, 0], [2, DATE], [4, crc], [4, Math.min(compressed, MAX32)],
    [4, Math.min(size, MAX32)], [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0o100644 * 0x10000], [4, Math.min(offset, MAX32)]), name, extra)
}

function endOf (entries: number, offset: number, size: number): Uint8Array {
  const isWide = entries >= 0xffff || offset >= MAX32 || size >= MAX32
  const wide = isWide
    ? joined(fields([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, entries], [8, entries], [8, size], [8, offset]),
      fields([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1]))
    : new Uint8Array()
  const count = Math.min(entries, 0xffff)
  return joined(wide, fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, Math.min(size, MAX32)], [4, Math.min(offset, MAX32)], [2, 0]))
}

/** Little-endian numbers of 2, 4 or 8 bytes, one behind the other. */
function fields (...list: ReadonlyArray<readonly [2 | 4 | 8, number]>): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, [width]) => sum + width, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [width, value] of list) {
    if (width === 2) view.setUint16(at, value, true)
    else if (width === 4) view.setUint32(at, value, true)
    else view.setBigUint64(at, BigInt(value), true)
    at += width
  }
  return bytes
}

function joined (...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

async function * once (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function collect (pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return joined(...all)
}

/** Raw deflate of `content`; an error of it reaches the reader. */
function deflated (content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const pieces = content[Symbol.asyncIterator]()
  const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull (controller) {
      const next = await pieces.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value as Uint8Array<ArrayBuffer>)
    },
    async cancel () { await pieces.return?.() },
  })
  return readable.pipeThrough(new CompressionStream('deflate-raw')) as unknown as AsyncIterable<Uint8Array>
}
