/** Numbers back into the bytes of the type they are stored in. */
import { EspalierError } from '../../errors.ts'
import { NUMBER_TYPES, type NumberType } from '../tensor.ts'
import { decodeNumbers, type Hdf5Datatype } from './hdf5/index.ts'

/**
 * `values` as raw elements of `datatype`, rounded to the nearest even where the type is narrower. With `before`, the raw elements that were there,
 * an element whose float32 value is the same keeps its bytes: a float64 that was only read as float32 loses nothing.
 */
export function encodeNumbers (values: Float32Array, datatype: Hdf5Datatype, before?: Uint8Array): Uint8Array {
  if (isPlainFloat32(datatype)) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const raw = new Uint8Array(values.length * datatype.size)
  const write = elementWriter(new DataView(raw.buffer), datatype)
  for (let at = 0; at < values.length; at++) write(at * datatype.size, values[at]!)
  if (before !== undefined) {
    const old = decodeNumbers(before, datatype)
    const { size } = datatype
    for (let at = 0; at < values.length; at++) {
      // Object.is: a zero that changes its sign is a change.
      if (Object.is(old[at], values[at])) raw.set(before.subarray(at * size, (at + 1) * size), at * size)
    }
  }
  return raw
}

/** `values` as they read back from a tensor of `type`: rounded where it is narrower than float32. */
export function roundedTo (values: Float32Array, type: NumberType): Float32Array {
  if (type !== 'float16' && type !== 'bfloat16') return values
  const datatype: Hdf5Datatype = { kind: 'float', format: type, littleEndian: true, size: NUMBER_TYPES[type], encoded: new Uint8Array() }
  return decodeNumbers(encodeNumbers(values, datatype), datatype)
}

/** Is it the type whose raw elements are those of a Float32Array? */
export function isPlainFloat32 (datatype: Hdf5Datatype): boolean {
  return datatype.kind === 'float' && datatype.format === 'float32' && datatype.littleEndian
}

function elementWriter (view: DataView, datatype: Hdf5Datatype): (at: number, value: number) => void {
  if (datatype.kind === 'float') {
    const little = datatype.littleEndian
    switch (datatype.format) {
      case 'float16': return (at, value) => view.setUint16(at, halfBits(value), little)
      case 'bfloat16': return (at, value) => view.setUint16(at, bfloatBits(value), little)
      case 'float32': return (at, value) => view.setFloat32(at, value, little)
      case 'float64': return (at, value) => view.setFloat64(at, value, little)
    }
  }
  const type = datatype.kind === 'enum' ? datatype.base : datatype
  if (type.kind !== 'integer') throw new EspalierError('internal', `values cannot be written as elements of kind ${datatype.kind}`)
  const little = type.littleEndian
  const rounded = (value: number) => Math.round(value)
  switch (type.size) {
    case 1: return type.signed ? (at, value) => view.setInt8(at, rounded(value)) : (at, value) => view.setUint8(at, rounded(value))
    case 2: return type.signed ? (at, value) => view.setInt16(at, rounded(value), little) : (at, value) => view.setUint16(at, rounded(value), little)
    case 4: return type.signed ? (at, value) => view.setInt32(at, rounded(value), little) : (at, value) => view.setUint32(at, rounded(value), little)
    default: return type.signed
      ? (at, value) => view.setBigInt64(at, BigInt(rounded(value)), little)
      : (at, value) => view.setBigUint64(at, BigInt(rounded(value)), little)
  }
}

const WIDE = new DataView(new ArrayBuffer(4))

/** The upper half of a float32, rounded to nearest even. */
function bfloatBits (value: number): number {
  WIDE.setFloat32(0, value)
  const bits = WIDE.getUint32(0)
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

/** IEEE 754 binary16 of a float32, rounded to nearest even; too large becomes infinity. */
function halfBits (value: number): number {
  WIDE.setFloat32(0, value)
  const bits = WIDE.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // 65520 and above round to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) return sign | roundHalfEven(Math.abs(value) * 2 ** 24)
  return sign | (((magnitude - 0x38000000) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
}

function roundHalfEven (value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
