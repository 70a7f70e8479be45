/** The index of a TensorFlow checkpoint: a sorted table of one block, with its checksums. Written apart from the product's. Source: table_format.txt. */
import { bytesOf, joined, little, viewOf, type Container, type Part } from './container.ts'
import { readVarint, varint } from './protobuf.ts'

const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** CRC-32C as TensorFlow masks it. */
export function maskedCrc (bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8)
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** Keys are one letter a byte. */
export function tableOf (entries: readonly Part[]): Uint8Array {
  const blocks: Uint8Array[] = []
  let at = 0
  const block = (list: ReadonlyArray<{ key: Uint8Array, value: Uint8Array }>): Uint8Array => {
    const bytes = joined(...list.map(({ key, value }) => joined([0], varint(key.length), varint(value.length), key, value)), little(0, 4), little(1, 4), [0])
    const handle = joined(varint(at), varint(bytes.length - 1))
    blocks.push(joined(bytes, little(maskedCrc(bytes), 4)))
    at += bytes.length + 4
    return handle
  }
  const data = block(entries.map((part) => ({ key: Uint8Array.from(part.label, (letter) => letter.charCodeAt(0)), value: bytesOf(part) })))
  const meta = block([])
  const directory = block([{ key: Uint8Array.of(255), value: data }])
  const handles = joined(meta, directory)
  return joined(...blocks, handles, new Uint8Array(40 - handles.length), MAGIC)
}

export function entriesOf (bytes: Uint8Array): Part[] {
  const need = <T>(value: T | undefined): T => {
    if (value === undefined) throw new RangeError('no table')
    return value
  }
  const handle = (from: Uint8Array, start: number): { at: number, length: number, end: number } => {
    const first = need(readVarint(from, start))
    const second = need(readVarint(from, first.end))
    return { at: Number(first.value), length: Number(second.value), end: second.end }
  }
  const read = ({ at, length }: { at: number, length: number }): Part[] => {
    const block = bytes.subarray(at, at + length)
    const end = length - 4 - 4 * viewOf(block).getUint32(length - 4, true)
    const found: Part[] = []
    let key = ''
    for (let place = 0; place < end;) {
      const shared = need(readVarint(block, place))
      const more = need(readVarint(block, shared.end))
      const value = need(readVarint(block, more.end))
      const start = value.end + Number(more.value)
      key = key.slice(0, Number(shared.value)) + String.fromCharCode(...block.subarray(value.end, start))
      found.push({ label: key, content: block.slice(start, start + Number(value.value)) })
      place = start + Number(value.value)
    }
    return found
  }
  const footer = bytes.subarray(bytes.length - 48)
  return read(handle(footer, handle(footer, 0).end)).flatMap((part) => read(handle(bytesOf(part), 0)))
}

export const table: Container = (bytes) => {
  if (bytes.length < 48 || !MAGIC.every((byte, index) => bytes[bytes.length - 8 + index] === byte)) return undefined
  try {
    return { parts: entriesOf(bytes), close: tableOf }
  } catch {
    return undefined
  }
}
