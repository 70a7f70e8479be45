/** Zip archives, with every number of their records open to lies. Written apart from the product's reader and writer. */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { bytesOf, joined, little, startsWith, viewOf, type Container, type Part } from './container.ts'

/** A file in an archive; what is given stands in the records in place of what is right. */
export interface ZipFile {
  readonly name: string | Uint8Array
  readonly content: Uint8Array
  readonly deflate?: boolean
  /** The bytes as they lie in the archive, when they are not the content stored or deflated. */
  readonly stored?: Uint8Array
  readonly flags?: number
  readonly method?: number
  readonly crc?: number
  readonly size?: number
  readonly compressed?: number
  readonly offset?: number
  /** Of the local header alone. */
  readonly localName?: string
  readonly localMethod?: number
  /** An extra field of the directory. */
  readonly extra?: Uint8Array
}

/** What can be wrong about the end record. */
export interface ZipEnd {
  readonly entries?: number
  readonly size?: number
  readonly offset?: number
  readonly comment?: Uint8Array
  /** Bytes between the directory and the end record: zip64 records. */
  readonly before?: (directory: { entries: number, size: number, offset: number }) => Uint8Array
}

/** An archive of the files, in their order. */
export function zipOf (files: readonly ZipFile[], end: ZipEnd = {}): Uint8Array {
  const [parts, directory]: [Uint8Array[], Uint8Array[]] = [[], []]
  let at = 0
  for (const file of files) {
    const name = typeof file.name === 'string' ? new TextEncoder().encode(file.name) : file.name
    const data = file.stored ?? (file.deflate === true ? deflateRawSync(file.content) : file.content)
    const method = file.method ?? (file.deflate === true ? 8 : 0)
    const [size, compressed, crc] = [file.size ?? file.content.length, file.compressed ?? data.length, file.crc ?? crc32(file.content)]
    const numbers = (way: number) => joined(little(20, 2), little(file.flags ?? 0x800, 2), little(way, 2), little(0x210000, 4), little(crc, 4), little(compressed, 4), little(size, 4))
    const localName = file.localName === undefined ? name : new TextEncoder().encode(file.localName)
    const extra = file.extra ?? new Uint8Array()
    const local = joined(little(0x04034b50, 4), numbers(file.localMethod ?? method), little(localName.length, 2), little(0, 2), localName, data)
    directory.push(joined(little(0x02014b50, 4), little(20, 2), numbers(method), little(name.length, 2), little(extra.length, 2), little(0, 2 + 2 + 2 + 4),
      little(file.offset ?? at, 4), name, extra))
    parts.push(local)
    at += local.length
  }
  const listed = joined(...directory)
  const right = { entries: files.length, size: listed.length, offset: at }
  const comment = end.comment ?? new Uint8Array()
  const count = little(end.entries ?? files.length, 2)
  return joined(...parts, listed, end.before?.(right) ?? [], little(0x06054b50, 4), little(0, 4), count, count, little(end.size ?? listed.length, 4),
    little(end.offset ?? at, 4), little(comment.length, 2), comment)
}

/** The two zip64 records; `lies` stand in place of what is right. */
export function zip64End (directory: { entries: number | bigint, size: number | bigint, offset: number | bigint }, at: number): Uint8Array {
  return joined(little(0x06064b50, 4), little(44, 8), little(45, 2), little(45, 2), little(0, 8), little(directory.entries, 8), little(directory.entries, 8),
    little(directory.size, 8), little(directory.offset, 8), little(0x07064b50, 4), little(0, 4), little(at, 8), little(1, 4))
}

/** The extra field of zip64 with these numbers. */
export function zip64Extra (...numbers: ReadonlyArray<number | bigint>): Uint8Array {
  return joined(little(1, 2), little(8 * numbers.length, 2), ...numbers.map((number) => little(number, 8)))
}

/** The files of a sound archive without zip64. */
export function filesOf (bytes: Uint8Array): ZipFile[] {
  const view = viewOf(bytes)
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf('PK\x05\x06', undefined, 'latin1')
  let at = view.getUint32(end + 16, true)
  return Array.from({ length: view.getUint16(end + 10, true) }, () => {
    const [method, compressed, nameLength, offset] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true), view.getUint16(at + 28, true), view.getUint32(at + 42, true)]
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength))
    const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true)
    const data = bytes.subarray(start, start + compressed)
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    return { name, content: method === 8 ? new Uint8Array(inflateRawSync(data, { maxOutputLength: 2 ** 26 })) : data.slice(), deflate: method === 8 }
  })
}

/** The archive with one file changed, left out (null) or added; names, sizes and checksums are right. */
export function withFile (archive: Uint8Array, name: string, content: Uint8Array | null): Uint8Array {
  const files = filesOf(archive)
  const others = files.filter((file) => file.name !== name)
  if (content === null) return zipOf(others)
  return zipOf(files.length === others.length ? [...files, { name, content }] : files.map((file) => file.name === name ? { ...file, content } : file))
}

export function fileIn (archive: Uint8Array, name: string): Uint8Array {
  const file = filesOf(archive).find((one) => one.name === name)
  if (file === undefined) throw new Error(`the archive has no ${name}`)
  return file.content
}

export const zip: Container = (bytes) => {
  if (!startsWith(bytes, 0x50, 0x4b, 3, 4)) return undefined
  try {
    const files = filesOf(bytes)
    const deflated = new Map(files.map(({ name, deflate }) => [name, deflate === true]))
    const parts: Part[] = files.map(({ name, content }) => ({ label: name as string, content }))
    return { parts, close: (list) => zipOf(list.map((part) => ({ name: part.label, content: bytesOf(part), deflate: deflated.get(part.label) === true }))) }
  } catch {
    return undefined
  }
}
