/** Protobuf messages that are held in memory, walked field by field. */
import { malformed } from './fail.ts'
import { fieldAt, type Field as Place } from './field.ts'

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
  const held = { bytes: message, start: 0 }
  for (let at = 0; at < message.length;) {
    const place = fieldAt(held, at, message.length, what)
    yield valued(place, message)
    at = place.end
  }
}

function valued ({ number, wire, start, end, value }: Place, message: Uint8Array): Field {
  const at = start
  const bytes = message.subarray(start, end)
  switch (wire) {
    case 0: return { number, at, kind: 'varint', value: BigInt(value!) }
    case 1: return { number, at, kind: 'fixed64', value: viewOf(bytes).getBigUint64(0, true) }
    case 2: return { number, at, kind: 'bytes', value: bytes }
    case 5: return { number, at, kind: 'fixed32', value: viewOf(bytes).getUint32(0, true) }
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
