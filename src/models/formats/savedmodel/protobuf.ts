/** Protobuf messages walked field by field. Source: protobuf.dev, Encoding. */
import { malformed } from './fail.ts'
import { Reader } from './varint.ts'

/** A field as it lies in a message: a number of any kind, or bytes (text, a message, packed numbers). */
export type Field = {
  readonly number: number
  /** Where the value begins within the message. */
  readonly at: number
} & (
  | { readonly kind: 'varint', readonly value: bigint }
  | { readonly kind: 'fixed32', readonly value: number }
  | { readonly kind: 'fixed64', readonly value: bigint }
  | { readonly kind: 'bytes', readonly value: Uint8Array }
)

type Value<Kind extends Field['kind']> = Extract<Field, { kind: Kind }>['value']

/** The fields of a message in their order. `what` names it in errors. */
export function * fieldsOf (message: Uint8Array, what: string): Generator<Field> {
  const reader = new Reader(message, what)
  while (reader.left > 0) {
    const tag = reader.number()
    const number = Math.floor(tag / 8)
    if (number === 0) throw malformed(`${what} has a field of number 0`)
    yield readField(reader, number, tag % 8)
  }
}

function readField (reader: Reader, number: number, wire: number): Field {
  switch (wire) {
    case 0: {
      const at = reader.at
      return { number, at, kind: 'varint', value: reader.wide() }
    }
    case 1: {
      const bytes = reader.take(8)
      return { number, at: reader.at - 8, kind: 'fixed64', value: viewOf(bytes).getBigUint64(0, true) }
    }
    case 2: {
      const value = reader.take(reader.number())
      return { number, at: reader.at - value.length, kind: 'bytes', value }
    }
    case 5: {
      const bytes = reader.take(4)
      return { number, at: reader.at - 4, kind: 'fixed32', value: viewOf(bytes).getUint32(0, true) }
    }
    default: throw malformed(`${reader.what} has a field ${number} of wire type ${wire}, which is not read`)
  }
}

/** The value of a field that must be of `kind`. */
export function valueOf<Kind extends Field['kind']> (field: Field, kind: Kind, what: string): Value<Kind> {
  if (field.kind !== kind) throw malformed(`field ${field.number} of ${what} is stored as ${field.kind}, it must be ${kind}`)
  return field.value as Value<Kind>
}

/** A size, an offset or an id: not negative, and exact as a number. */
export function sizeIn (field: Field, what: string): number {
  const value = valueOf(field, 'varint', what)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(`field ${field.number} of ${what} is ${BigInt.asIntN(64, value)}, it must be a size`)
  return Number(value)
}

/** Text, with what is no UTF-8 replaced. */
export function textIn (field: Field, what: string): string {
  return new TextDecoder().decode(valueOf(field, 'bytes', what))
}

function viewOf (bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
