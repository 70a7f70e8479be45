/** The header of a .npy array, versions 1 to 3. */
import { NUMBER_TYPES, sizeOf, type NumberType, type Shape } from '../../models/tensor.ts'
import { invalid } from './format.ts'

export interface NpyHeader {
  readonly shape: Shape
  readonly type: NumberType
  readonly littleEndian: boolean
  readonly fortran: boolean
  /** Where the numbers begin. */
  readonly offset: number
  /** Of the numbers, in bytes. */
  readonly bytes: number
}

const TYPES: Readonly<Record<string, NumberType>> = {
  b1: 'bool', i1: 'int8', u1: 'uint8', i2: 'int16', u2: 'uint16', i4: 'int32', u4: 'uint32', i8: 'int64', u8: 'uint64', f2: 'float16', f4: 'float32', f8: 'float64',
}

/** numpy writes 118 bytes for a plain array; only structured types, which are not read here, need more than this. */
const MAX_HEADER_BYTES = 64 * 1024

/** numpy itself allows 64 axes. */
const MAX_AXES = 64

/** Bytes of a file of `size` that surely hold its header. */
export function headerBytes (size: number): number {
  return Math.min(size, MAX_HEADER_BYTES + 12)
}

/** Reads the header out of the first bytes of a file. Throws `invalid-dataset` naming `name`. Source: numpy.lib.format, NEP 1. */
export function parseNpyHeader (head: Uint8Array, name: string): NpyHeader {
  const bad = (text: string) => invalid(`${name}: ${text}`, { array: name })
  if (head.length < 10 || String.fromCharCode(...head.subarray(1, 6)) !== 'NUMPY' || head[0] !== 0x93) throw bad('is no .npy array (it does not begin with \\x93NUMPY)')
  const version = head[6]!
  if (version < 1 || version > 3) throw bad(`has version ${version} of the .npy format; 1 to 3 are read`)
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const start = version === 1 ? 10 : 12
  if (head.length < start) throw bad('ends within its header')
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > MAX_HEADER_BYTES) throw bad(`has a header of ${length} bytes; at most ${MAX_HEADER_BYTES} are read`)
  if (start + length > head.length) throw bad('ends within its header')
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(head.subarray(start, start + length))
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1]
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1]
  if (descr === undefined) throw bad('holds structured records; arrays of plain numbers are read')
  if (fortran === undefined || shape === undefined) throw bad('has a header without fortran_order or shape')
  const sizes = shape.split(',').map((size) => size.replace(/L$/, '').trim()).filter((size) => size !== '').map(Number)
  if (sizes.length > MAX_AXES || !sizes.every(Number.isSafeInteger) || !Number.isSafeInteger(sizeOf(sizes) * 8)) throw bad(`has the shape (${shape}), which no memory holds`)
  const type = typeOf(descr, bad)
  return { shape: sizes, type, littleEndian: descr[0] !== '>', fortran: fortran === 'True', offset: start + length, bytes: sizeOf(sizes) * NUMBER_TYPES[type] }
}

function typeOf (descr: string, bad: (text: string) => Error): NumberType {
  const type = Object.hasOwn(TYPES, descr.slice(1)) && /^[<>|=]/.test(descr) ? TYPES[descr.slice(1)] : undefined
  if (type !== undefined) return type
  if (descr.endsWith('O')) throw bad('holds Python objects, which are never unpickled; save it with a number dtype')
  throw bad(`has the dtype ${descr.slice(0, 32)}; read are ${Object.keys(TYPES).join(', ')}`)
}
