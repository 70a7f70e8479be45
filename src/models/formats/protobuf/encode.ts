/** Fields of protobuf messages as bytes. Source: protobuf, Encoding. */
import { varintOf } from './varint.ts'

const encoder = new TextEncoder()

const WIRE = { varint: 0, delimited: 2 } as const

export function joined (parts: ReadonlyArray<Uint8Array | readonly number[]>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Bytes or a message. */
export function block (field: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return joined([varintOf(field << 3 | WIRE.delimited), varintOf(bytes.length), bytes])
}

/** A message that is held in pieces, which may be large. */
export function wrapped (field: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return [joined([varintOf(field << 3 | WIRE.delimited), varintOf(size)]), ...pieces]
}

export function text (field: number, value: string): Uint8Array<ArrayBuffer> {
  return block(field, encoder.encode(value))
}

export function integer (field: number, value: number | bigint): Uint8Array<ArrayBuffer> {
  return joined([varintOf(field << 3 | WIRE.varint), varintOf(value)])
}

/** An entry of a map from texts to bytes. */
export function entry (field: number, key: string, value: Uint8Array): Uint8Array<ArrayBuffer> {
  return block(field, joined([text(1, key), block(2, value)]))
}
