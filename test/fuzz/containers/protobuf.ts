/** Messages of protobuf: fields with their lengths, however deep they lie. */
import { bytesOf, joined, type Container, type Part } from './container.ts'

export function varint (value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Uint8Array.of(...bytes, Number(rest))
}

/** A field of bytes; `length` lies about their number. */
export function field (number: number, content: Uint8Array, length: number | bigint = content.length): Uint8Array {
  return joined(varint(number * 8 + 2), varint(length), content)
}

export function readVarint (bytes: Uint8Array, at: number): { value: bigint, end: number } | undefined {
  let value = 0n
  for (let index = 0; index < 10 && at + index < bytes.length; index++) {
    value |= BigInt(bytes[at + index]! & 127) << BigInt(7 * index)
    if (bytes[at + index]! < 128) return { value, end: at + index + 1 }
  }
  return undefined
}

/** Labels are the tags. */
export const protobuf: Container = (bytes) => {
  const parts: Part[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at)
    if (tag === undefined || tag.value < 8n || tag.value > 2n ** 31n) return undefined
    const [wire, label] = [Number(tag.value & 7n), String(tag.value)]
    if (wire === 0) {
      const number = readVarint(bytes, tag.end)
      if (number === undefined) return undefined
      parts.push({ label, content: number.value })
      at = number.end
    } else {
      const length = wire === 2 ? readVarint(bytes, tag.end) : { value: wire === 1 ? 8n : wire === 5 ? 4n : 2n ** 60n, end: tag.end }
      if (length === undefined || length.value > BigInt(bytes.length - length.end)) return undefined
      at = length.end + Number(length.value)
      parts.push({ label, content: bytes.slice(length.end, at) })
    }
  }
  return parts.length === 0 ? undefined : { parts, close: (list) => joined(...list.map(encoded)) }
}

function encoded (part: Part): Uint8Array {
  const tag = varint(BigInt(part.label))
  if (typeof part.content === 'bigint') return joined(tag, varint(part.content))
  const content = bytesOf(part)
  return (BigInt(part.label) & 7n) === 2n ? joined(tag, varint(content.length), content) : joined(tag, content)
}
