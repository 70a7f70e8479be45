/** Datatypes and attributes made anew, in the encodings h5py uses. */
import { EspalierError } from '../../../errors.ts'
import { NUMBER_TYPES, type NumberType } from '../../tensor.ts'
import { attributeOf, type Hdf5Attribute } from './attributes.ts'
import { Cursor } from './cursor.ts'
import { readDatatype, type Hdf5Datatype } from './datatype.ts'

const SIZES = { offsetSize: 8, lengthSize: 8, base: 0 }

/** [exponent location, exponent bits, mantissa bits, bias]. */
const FLOATS = { float16: [10, 5, 10, 15], bfloat16: [7, 8, 7, 127], float32: [23, 8, 23, 127], float64: [52, 11, 52, 1023] } as const

/** The little-endian datatype of a number type; bool is h5py's enumeration of int8 FALSE and TRUE. */
export function datatypeOf (type: NumberType): Hdf5Datatype {
  const size = NUMBER_TYPES[type]
  if (type === 'bool') {
    const names = [...new TextEncoder().encode('FALSE\0\0\0TRUE\0\0\0\0')]
    return parsed([0x18, 2, 0, 0, ...u32(1), ...integer(1, true), ...names, 0, 1])
  }
  if (type in FLOATS) {
    const [exponentAt, exponentBits, mantissaBits, bias] = FLOATS[type as keyof typeof FLOATS]
    const bits = size * 8
    return parsed([0x11, 0x20, bits - 1, 0, ...u32(size), 0, 0, bits, 0, exponentAt, exponentBits, 0, mantissaBits, ...u32(bias)])
  }
  return parsed(integer(size, !type.startsWith('u')))
}

/** Variable-length UTF-8, as h5py stores a str. */
export function variableString (charset: 'ascii' | 'utf-8' = 'utf-8'): Hdf5Datatype {
  return parsed([0x19, 0x01, charset === 'utf-8' ? 1 : 0, 0, ...u32(16), ...integer(1, false)])
}

/** Fixed-length strings padded with NUL, as h5py stores numpy bytes. */
export function fixedStringType (size: number): Hdf5Datatype {
  if (size < 1) throw new EspalierError('internal', `HDF5: a fixed-length string needs at least one byte, got ${size}`)
  return parsed([0x13, 0x01, 0, 0, ...u32(size)])
}

/** A string attribute, or a one-dimensional array of them, of variable length. */
export function stringAttribute (value: string | readonly string[]): Hdf5Attribute {
  const items = (typeof value === 'string' ? [value] : value).map((text) => new TextEncoder().encode(text))
  const shape = typeof value === 'string' ? [] : [items.length]
  return attributeOf({ shape, isNull: false }, variableString(), new Uint8Array(items.length * 16), items)
}

function integer (size: number, signed: boolean): number[] {
  return [0x10, signed ? 0x08 : 0, 0, 0, ...u32(size), 0, 0, size * 8, 0]
}

function u32 (value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]
}

function parsed (message: number[]): Hdf5Datatype {
  return readDatatype(new Cursor(Uint8Array.from(message), 0, 'a datatype', SIZES))
}
