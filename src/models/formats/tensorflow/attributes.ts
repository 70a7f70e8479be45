/** Attributes of TensorFlow's nodes, which are kept encoded: those that are looked into, and those that are made. Source: attr_value.proto, tensor.proto. */
import { block, integer, joined, text } from '../protobuf/encode.ts'
import { fieldsOf, sizeIn, textIn, valueOf } from '../protobuf/message.ts'
import { readVarint, varintOf } from '../protobuf/varint.ts'
import type { Shape, SymbolicShape } from '../../tensor.ts'
import { STRING } from './dtypes.ts'
import { notRun } from './fail.ts'

const WHAT = 'an attribute'

/** Fields of AttrValue. */
const FIELD = { list: 1, text: 2, type: 6, shape: 7, tensor: 8, function: 10 } as const

/** In a list: NameAttrList. */
const LISTED_FUNCTION = 9

/** Functions may be arguments of functions; what is nested deeper is malformed. */
const MAX_DEPTH = 8

/** A type; undefined when the attribute is none. */
export function typeOf (attribute: Uint8Array | undefined): number | undefined {
  for (const field of fieldsOf(attribute ?? new Uint8Array(), WHAT)) if (field.number === FIELD.type) return sizeIn(field, WHAT)
  return undefined
}

/** A list of types; empty when the attribute is none. */
export function typesOf (attribute: Uint8Array | undefined): number[] {
  const types: number[] = []
  for (const field of fieldsOf(attribute ?? new Uint8Array(), WHAT)) {
    if (field.number !== FIELD.list) continue
    for (const one of fieldsOf(valueOf(field, 'bytes', WHAT), WHAT)) {
      if (one.number !== FIELD.type) continue
      if (one.kind !== 'bytes') types.push(sizeIn(one, WHAT))
      else for (let at = 0, read; at < one.value.length && (read = readVarint(one.value, at, WHAT)) !== undefined; at += read.size) types.push(Number(read.value))
    }
  }
  return types
}

/** A list of texts; empty when the attribute is none. */
export function textsIn (attribute: Uint8Array | undefined): string[] {
  const texts: string[] = []
  for (const field of fieldsOf(attribute ?? new Uint8Array(), WHAT)) {
    if (field.number === FIELD.list) for (const one of fieldsOf(valueOf(field, 'bytes', WHAT), WHAT)) if (one.number === FIELD.text) texts.push(textIn(one, WHAT))
  }
  return texts
}

/** Names of the functions in it, those among the attributes of others too. */
export function * functionsIn (attribute: Uint8Array, depth = 0): Generator<string> {
  if (depth > MAX_DEPTH) throw notRun('functions are nested too deep in an attribute of its graph')
  for (const field of fieldsOf(attribute, WHAT)) {
    if (field.number === FIELD.function) {
      yield * functionOf(valueOf(field, 'bytes', WHAT), depth)
    } else if (field.number === FIELD.list) {
      for (const one of fieldsOf(valueOf(field, 'bytes', WHAT), WHAT)) if (one.number === LISTED_FUNCTION) yield * functionOf(valueOf(one, 'bytes', WHAT), depth)
    }
  }
}

/** A NameAttrList. */
function * functionOf (message: Uint8Array, depth: number): Generator<string> {
  for (const field of fieldsOf(message, WHAT)) {
    if (field.number === 1) yield textIn(field, WHAT)
    if (field.number !== 2) continue
    for (const part of fieldsOf(valueOf(field, 'bytes', WHAT), WHAT)) if (part.number === 2) yield * functionsIn(valueOf(part, 'bytes', WHAT), depth + 1)
  }
}

/** The texts of a tensor of one axis with `count` of them; where it has fewer, the last one stands for the rest. Raw bytes, one letter a byte. */
export function textsOf (attribute: Uint8Array, count: number): string[] {
  const texts: string[] = []
  for (const field of fieldsOf(attribute, WHAT)) {
    if (field.number !== FIELD.tensor) continue
    for (const part of fieldsOf(valueOf(field, 'bytes', WHAT), 'a tensor')) {
      if (part.number === 8) texts.push(Buffer.from(valueOf(part, 'bytes', 'a tensor')).toString('latin1'))
    }
  }
  return Array.from({ length: count }, (_, index) => texts[index] ?? texts.at(-1) ?? '')
}

function shapeProto (sizes: SymbolicShape): Uint8Array {
  return joined(sizes.map((size) => block(2, integer(1, size ?? -1))))
}

/** Encoded AttrValues. */
export const attribute = {
  type: (type: number) => integer(FIELD.type, type),
  types: (types: readonly number[]) => block(FIELD.list, block(6, joined(types.map(varintOf)))),
  shape: (sizes: SymbolicShape) => block(FIELD.shape, shapeProto(sizes)),
  text: (value: string) => text(FIELD.text, value),
  /** Row-major little-endian contents. */
  tensor: (type: number, sizes: Shape, contents: Uint8Array) => block(FIELD.tensor, joined([integer(1, type), block(2, shapeProto(sizes)), block(4, contents)])),
  /** Raw bytes, one letter a byte. */
  texts: (values: readonly string[], sizes: Shape = [values.length]) =>
    block(FIELD.tensor, joined([integer(1, STRING), block(2, shapeProto(sizes)), ...values.map((value) => block(8, Buffer.from(value, 'latin1')))])),
} as const
