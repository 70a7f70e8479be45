/** The datatype message: what one element of a dataset or attribute is. */
import type { NumberType } from '../../tensor.ts'
import type { Cursor } from './cursor.ts'
import { unsupported } from './fail.ts'

/** `encoded` holds the bytes of the message, so that a type can be written back exactly as it was. `size` is the bytes of one element. */
interface Encoded { readonly size: number, readonly encoded: Uint8Array }

export interface IntegerType extends Encoded { readonly kind: 'integer', readonly signed: boolean, readonly littleEndian: boolean }
export interface FloatType extends Encoded { readonly kind: 'float', readonly format: 'float16' | 'bfloat16' | 'float32' | 'float64', readonly littleEndian: boolean }
export interface StringType extends Encoded {
  readonly kind: 'string'
  readonly padding: 'null-terminated' | 'null-padded' | 'space-padded'
  readonly charset: 'ascii' | 'utf-8'
}
export interface VariableStringType extends Encoded { readonly kind: 'variable-string', readonly charset: 'ascii' | 'utf-8' }
/** h5py stores bool as an enumeration of int8 with members FALSE and TRUE. */
export interface EnumType extends Encoded { readonly kind: 'enum', readonly base: IntegerType, readonly isBool: boolean }
/** A type whose values are not understood here; `name` is HDF5's name of its class. */
export interface OtherType extends Encoded { readonly kind: 'other', readonly name: string }

export type Hdf5Datatype = IntegerType | FloatType | StringType | VariableStringType | EnumType | OtherType

const CLASS_NAMES = ['integer', 'float', 'time', 'string', 'bit field', 'opaque', 'compound', 'reference', 'enumeration', 'variable-length', 'array', 'complex']
const PADDINGS = ['null-terminated', 'null-padded', 'space-padded'] as const
const LATIN = new TextDecoder('latin1')

/** Reads the datatype message at `cursor`. Padding behind it is no part of `encoded`, except for types of kind `other`. */
export function readDatatype (cursor: Cursor): Hdf5Datatype {
  const start = cursor.at
  const datatype = readFields(cursor, cursor.bytes.slice(start))
  return datatype.kind === 'other' ? datatype : { ...datatype, encoded: cursor.bytes.slice(start, cursor.at) }
}

function readFields (cursor: Cursor, encoded: Uint8Array): Hdf5Datatype {
  const tag = cursor.u8()
  const classId = tag & 0x0f
  const version = tag >> 4
  if (version < 1 || version > 5) throw cursor.fail(`version ${version} of the datatype is not known`)
  const bits = cursor.uint(3)
  const size = cursor.u32()
  if (size === 0) throw cursor.fail('the size of an element is 0')
  const common = { size, encoded }
  switch (classId) {
    case 0: return readInteger(cursor, bits, common) ?? other('integer of unusual bits', common)
    case 1: return readFloat(cursor, bits, common) ?? other('float of unusual bits', common)
    case 3: return { kind: 'string', padding: PADDINGS[bits & 0x0f] ?? badPadding(cursor, bits & 0x0f), charset: charsetOf((bits >> 4) & 0x0f, cursor), ...common }
    case 8: return readEnum(cursor, bits & 0xffff, version, common)
    case 9:
      if ((bits & 0x0f) !== 1) return other('variable-length sequence', common)
      cursor.skip(8)
      // The base is a string of one byte (8 bytes of message) or an integer of one byte (4 more).
      if ((cursor.bytes[cursor.at - 8] ?? 0) % 16 === 0) cursor.skip(4)
      return { kind: 'variable-string', charset: charsetOf((bits >> 8) & 0x0f, cursor), ...common }
    default: {
      const name = CLASS_NAMES[classId]
      if (name === undefined) throw cursor.fail(`datatype class ${classId} is not known`)
      return other(name, common)
    }
  }
}

/** The number type of a datatype, or undefined for strings and others. An enumeration counts as bool or as its integers. */
export function numberTypeOf (datatype: Hdf5Datatype): NumberType | undefined {
  switch (datatype.kind) {
    case 'float': return datatype.format
    case 'integer': return `${datatype.signed ? '' : 'u'}int${datatype.size * 8}` as NumberType
    case 'enum': return datatype.isBool ? 'bool' : numberTypeOf(datatype.base)
    default: return undefined
  }
}

/** Throws for a message that only refers to a committed ("named") datatype elsewhere in the file. */
export function refuseCommitted (shared: boolean, what: string): void {
  if (shared) throw unsupported(what, 'it uses a committed (named) datatype, which is not read here; store the type with the object')
}

function other (name: string, common: Encoded): OtherType {
  return { kind: 'other', name, ...common }
}

function badPadding (cursor: Cursor, padding: number): never {
  throw cursor.fail(`string padding ${padding} is not known, 0 to 2 are`)
}

function charsetOf (code: number, cursor: Cursor): 'ascii' | 'utf-8' {
  if (code > 1) throw cursor.fail(`character set ${code} is not known, 0 (ASCII) and 1 (UTF-8) are`)
  return code === 1 ? 'utf-8' : 'ascii'
}

function readInteger (cursor: Cursor, bits: number, common: Encoded): IntegerType | undefined {
  const offset = cursor.u16()
  const precision = cursor.u16()
  if (offset !== 0 || precision !== common.size * 8 || ![1, 2, 4, 8].includes(common.size)) return undefined
  return { kind: 'integer', signed: (bits & 0x08) !== 0, littleEndian: (bits & 0x01) === 0, ...common }
}

/** [bytes, exponent location, exponent bits, mantissa location, mantissa bits, bias] of the formats that are read. */
const FLOATS = {
  float16: [2, 10, 5, 0, 10, 15],
  bfloat16: [2, 7, 8, 0, 7, 127],
  float32: [4, 23, 8, 0, 23, 127],
  float64: [8, 52, 11, 0, 52, 1023],
} as const

function readFloat (cursor: Cursor, bits: number, common: Encoded): FloatType | undefined {
  const offset = cursor.u16()
  const precision = cursor.u16()
  const layout = [common.size, cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8(), cursor.u32()]
  const vax = (bits & 0x40) !== 0
  const implied = ((bits >> 4) & 3) === 2
  const sign = (bits >> 8) & 0xff
  if (offset !== 0 || precision !== common.size * 8 || sign !== precision - 1 || vax || !implied) return undefined
  for (const [format, expected] of Object.entries(FLOATS) as Array<[FloatType['format'], readonly number[]]>) {
    if (layout.every((value, i) => value === expected[i])) return { kind: 'float', format, littleEndian: (bits & 0x01) === 0, ...common }
  }
  return undefined
}

function readEnum (cursor: Cursor, count: number, version: number, common: Encoded): EnumType {
  // Looked at before it is read: enumerations of enumerations of ... would otherwise exhaust the stack.
  if (((cursor.bytes[cursor.at] ?? 0) & 0x0f) !== 0) throw cursor.fail('the base of an enumeration must be an integer')
  const base = readDatatype(cursor)
  if (base.kind !== 'integer' || base.size !== common.size) throw cursor.fail('an enumeration must have an integer base of its own size')
  const names: string[] = []
  for (let i = 0; i < count; i++) {
    const from = cursor.at
    const rest = cursor.bytes.subarray(from)
    const end = rest.indexOf(0)
    if (end < 0) throw cursor.fail('the name of a member has no end')
    names.push(LATIN.decode(rest.subarray(0, end)))
    cursor.skip(end + 1)
    if (version < 3) cursor.align(8, from)
  }
  const values = cursor.take(count * base.size)
  const isBool = base.size === 1 && count === 2 && names[0] === 'FALSE' && names[1] === 'TRUE' && values[0] === 0 && values[1] === 1
  return { kind: 'enum', base, isBool, ...common }
}
