/** Attributes of nodes in JSON, as protobuf writes it, encoded as TensorFlow takes them. Source: attr_value.proto, ProtoJSON. */
import { block, entry, integer, joined, text } from '../protobuf/encode.ts'
import { varintOf } from '../protobuf/varint.ts'
import { isObject, type Json } from '../json.ts'
import { dtypeByName } from '../tensorflow/dtypes.ts'
import { notRun } from '../tensorflow/fail.ts'

/** Attributes within attributes of functions; deeper ones are malformed. */
const MAX_DEPTH = 8

/** How a kind of value is encoded: as a field of its own, or packed in a list, by its number there. */
interface Kind { readonly field: number, encode (value: unknown, depth: number): Uint8Array, readonly listed: number, readonly packed?: (value: unknown) => Uint8Array | number[] }

const KINDS: Readonly<Record<string, Kind>> = {
  s: { field: 2, listed: 2, encode: bytesOf },
  i: { field: 3, listed: 3, encode: (value) => integer(3, whole(value)), packed: (value) => varintOf(whole(value)) },
  f: { field: 4, listed: 4, encode: (value) => joined([varintOf(4 << 3 | 5), float(value)]), packed: float },
  b: { field: 5, listed: 5, encode: (value) => integer(5, value === true ? 1 : 0), packed: (value) => [value === true ? 1 : 0] },
  type: { field: 6, listed: 6, encode: (value) => integer(6, typeNumber(value)), packed: (value) => varintOf(typeNumber(value)) },
  shape: { field: 7, listed: 7, encode: shapeOf },
  func: { field: 10, listed: 9, encode: functionOf },
}

/** Kinds whose encoding is the content of their field rather than all of it. */
const WRAPPED = new Set(['s', 'shape', 'func'])

/** An AttrValue; tensors are not among them. */
export function encodeAttribute (value: unknown, depth = 0): Uint8Array {
  if (depth > MAX_DEPTH) throw notRun('attributes of its graph are nested too deep')
  if (!isObject(value)) throw wrong()
  for (const [name, kind] of Object.entries(KINDS)) {
    if (!Object.hasOwn(value, name)) continue
    const encoded = kind.encode(value[name], depth)
    return WRAPPED.has(name) ? block(kind.field, encoded) : encoded
  }
  return Object.hasOwn(value, 'list') ? block(1, listOf(value.list, depth)) : new Uint8Array()
}

/** A TensorShapeProto. */
function shapeOf (value: unknown): Uint8Array {
  if (!isObject(value)) throw wrong()
  const { dim = [], unknownRank } = value
  if (!Array.isArray(dim)) throw wrong()
  return joined([...dim.map((one: unknown) => block(2, integer(1, isObject(one) ? whole(one.size ?? 0) : 0))), ...(unknownRank === true ? [integer(3, 1)] : [])])
}

function listOf (value: unknown, depth: number): Uint8Array {
  if (!isObject(value)) throw wrong()
  const parts: Uint8Array[] = []
  for (const [name, { listed, packed, encode }] of Object.entries(KINDS)) {
    const values = Object.hasOwn(value, name) ? value[name] : []
    if (!Array.isArray(values)) throw wrong()
    if (values.length === 0) continue
    if (packed !== undefined) parts.push(block(listed, joined(values.map(packed))))
    else parts.push(...values.map((one: unknown) => block(listed, encode(one, depth))))
  }
  return joined(parts)
}

/** A NameAttrList. */
function functionOf (value: unknown, depth: number): Uint8Array {
  if (!isObject(value) || typeof value.name !== 'string') throw wrong()
  const attributes: Json = isObject(value.attr) ? value.attr : {}
  return joined([text(1, value.name), ...Object.entries(attributes).map(([key, one]) => entry(2, key, encodeAttribute(one, depth + 1)))])
}

/** Bytes are base64. */
function bytesOf (value: unknown): Uint8Array {
  if (typeof value !== 'string') throw wrong()
  return Buffer.from(value, 'base64')
}

/** Numbers of 64 bits are texts. */
function whole (value: unknown): bigint {
  const written = typeof value === 'number' ? String(value) : value
  if (typeof written !== 'string' || !/^-?\d{1,19}$/.test(written)) throw wrong()
  return BigInt(written)
}

function float (value: unknown): Uint8Array {
  const number = typeof value === 'number' ? value : Number(value)
  return new Uint8Array(Float32Array.of(number).buffer)
}

export function typeNumber (value: unknown): number {
  const known = typeof value === 'string' ? dtypeByName(value) : value
  if (typeof known !== 'number' || !Number.isInteger(known) || known < 1) throw wrong()
  return known
}

function wrong (): Error {
  return notRun('its graph has an attribute that is not understood')
}
