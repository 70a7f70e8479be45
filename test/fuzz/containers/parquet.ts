/** Parquet files: pages, and a footer in thrift's compact protocol, field by field. */
import { bytesOf, joined, little, startsWith, viewOf, type Container, type Part } from './container.ts'
import { readVarint, varint } from './protobuf.ts'

const MAGIC = [0x50, 0x41, 0x52, 0x31]

/** The file with another footer; `length` lies about it. */
export function withFooter (bytes: Uint8Array, footer: Uint8Array, length: number = footer.length): Uint8Array {
  return joined(bytes.subarray(0, bytes.length - 8 - footerOf(bytes).length), footer, little(length, 4), MAGIC)
}

export function footerOf (bytes: Uint8Array): Uint8Array {
  const length = viewOf(bytes).getUint32(bytes.length - 8, true)
  return bytes.slice(bytes.length - 8 - length, bytes.length - 8)
}

export const parquet: Container = (bytes) => {
  if (!startsWith(bytes, ...MAGIC) || bytes.length < 12 || viewOf(bytes).getUint32(bytes.length - 8, true) > bytes.length - 12) return undefined
  const footer = footerOf(bytes)
  const pages = bytes.slice(4, bytes.length - 8 - footer.length)
  return {
    parts: [{ label: 'pages', content: pages }, { label: 'footer', content: footer }],
    close: (list) => {
      const [body, end] = [bytesOf(list[0]), bytesOf(list[1])]
      return joined(MAGIC, body, end, little(end.length, 4), MAGIC)
    },
  }
}

/**
 * A struct of thrift, flat: heads of fields and of lists as they are, numbers and texts as parts. Only what decodes to the last byte is taken.
 * Source: thrift-compact-protocol.md.
 */
export const thrift: Container = (bytes) => {
  const parts: Part[] = []
  let at = 0
  const head = (end: number): void => {
    parts.push({ label: 'head', content: bytes.slice(at, end) })
    at = end
  }
  const number = (): bigint => {
    const read = readVarint(bytes, at)
    if (read === undefined) throw new RangeError('ends')
    at = read.end
    return read.value
  }
  const value = (type: number, depth: number): void => {
    if (depth > 20 || at >= bytes.length) throw new RangeError('ends')
    if (type === 1 || type === 2 || type === 3) head(at + 1)
    else if (type >= 4 && type <= 6) parts.push({ label: 'number', content: number() })
    else if (type === 7) head(at + 8)
    else if (type === 8) {
      const length = Number(number())
      if (length > bytes.length - at) throw new RangeError('ends')
      parts.push({ label: 'text', content: bytes.slice(at, at + length) })
      at += length
    } else if (type === 9 || type === 10) {
      const byte = bytes[at]!
      const start = at++
      const size = byte >> 4 === 15 ? Number(number()) : byte >> 4
      const end = at
      at = start
      head(end)
      for (let index = 0; index < size; index++) value(byte & 15, depth + 1)
    } else if (type === 12) struct(depth + 1)
    else throw new RangeError(`type ${type}`)
  }
  const struct = (depth: number): void => {
    for (;;) {
      if (at >= bytes.length) throw new RangeError('ends')
      const byte = bytes[at]!
      const start = at++
      if ((byte & 15) !== 0 && byte >> 4 === 0) number()
      const end = at
      at = start
      head(end)
      if ((byte & 15) === 0) return
      if ((byte & 15) > 2) value(byte & 15, depth)
    }
  }
  try {
    struct(0)
  } catch {
    return undefined
  }
  if (at !== bytes.length) return undefined
  return {
    parts,
    close: (list) => joined(...list.map(({ label, content }) => typeof content === 'bigint' ? varint(content) : label === 'text' ? joined(varint(content.length), content) : content)),
  }
}
