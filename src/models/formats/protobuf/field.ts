/** One field of a protobuf message, decoded where it lies: what both ways of walking a message, in memory and by random access, go by. */
import { malformed } from './fail.ts'
import { MAX_VARINT, readVarint } from './varint.ts'

export type WireType = 0 | 1 | 2 | 5

/** A field where it lies. Offsets count from the first byte of the file, or of the message that is held. */
export interface Field {
  readonly number: number
  readonly wire: WireType
  /** Of its tag. */
  readonly at: number
  /** Of its payload. */
  readonly start: number
  readonly end: number
  /** Of a varint. */
  readonly value?: number | bigint
  /** Of bytes: where their length stands. */
  readonly lengthAt?: number
}

/** Bytes before the payload of a field at most: its tag, and a length. */
export const MAX_HEAD = 2 * MAX_VARINT

/** Bytes that are held, the first of which is byte `start` of the whole. */
export interface Held { readonly bytes: Uint8Array, readonly start: number }

/**
 * The field at byte `at` of a message that ends at `end`. Its head must be held: MAX_HEAD bytes, or all up to the end. Throws `invalid-model` for
 * fields that reach past the message, groups and unknown wire types. Source: protobuf.dev, Encoding.
 */
export function fieldAt (held: Held, at: number, end: number, what: string): Field {
  const tag = varintAt(held, at, end, what)
  const key = Number(tag.value)
  const number = Math.floor(key / 8)
  const wire = key % 8
  if (number < 1 || number > 0x1fffffff) throw malformed(`${what} has a field of number ${number}, at byte ${at}`, { at })
  const start = at + tag.size
  switch (wire) {
    case 0: {
      const { value, size } = varintAt(held, start, end, what)
      return { number, wire, at, start, end: start + size, value }
    }
    case 1: return within({ number, wire, at, start, end: start + 8 }, end, what)
    case 5: return within({ number, wire, at, start, end: start + 4 }, end, what)
    case 2: {
      const length = varintAt(held, start, end, what)
      const from = start + length.size
      return within({ number, wire, at, start: from, end: from + Number(length.value), lengthAt: start }, end, what)
    }
    default: throw malformed(`${what}: field ${number} at byte ${at} has the wire type ${wire}${wire === 3 || wire === 4 ? ' (a group)' : ''}, which is not read`, { at, wire })
  }
}

function varintAt ({ bytes, start }: Held, at: number, end: number, what: string) {
  const read = readVarint(bytes.subarray(at - start, Math.min(at - start + MAX_VARINT, end - start)), 0, what)
  if (read === undefined) throw malformed(`${what} ends within a number, at byte ${end}`, { at, end })
  return read
}

function within (field: Field, end: number, what: string): Field {
  if (field.end <= end) return field
  throw malformed(`${what}: field ${field.number} at byte ${field.at} needs ${field.end - field.start} bytes, ${Math.max(0, end - field.start)} are left`, { at: field.at })
}
