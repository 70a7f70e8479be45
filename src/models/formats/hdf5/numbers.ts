/** Decoding of raw elements into numbers. */
import { EspalierError } from '../../../errors.ts'
import type { FloatType, Hdf5Datatype, IntegerType } from './datatype.ts'

/** The float32 values of raw elements of a numeric datatype, in order: any integer or float size, either byte order, bool as 0 and 1. */
export function decodeNumbers (raw: Uint8Array, datatype: Hdf5Datatype): Float32Array {
  const type = numeric(datatype)
  const count = elementCount(raw, type.size)
  if (type.kind === 'float' && type.format === 'float32' && type.littleEndian) {
    return new Float32Array(new Uint8Array(raw).buffer)
  }
  const values = new Float32Array(count)
  if (type.kind === 'float' && type.littleEndian && (type.format === 'float16' || type.format === 'bfloat16')) fillFromPairs(values, raw, type.format)
  else fill(values, raw, type)
  return values
}

/** The float32 bits of every half-precision number, by its own bits; made when the first file has some. */
let halves: Int32Array | undefined

function fillFromPairs (values: Float32Array, raw: Uint8Array, format: 'float16' | 'bfloat16'): void {
  const bits = new Int32Array(values.buffer)
  if (format === 'bfloat16') {
    for (let index = 0; index < bits.length; index++) bits[index] = raw[2 * index]! << 16 | raw[2 * index + 1]! << 24
    return
  }
  halves ??= new Int32Array(Float32Array.from({ length: 1 << 16 }, (_, half) => halfToNumber(half)).buffer)
  for (let index = 0; index < bits.length; index++) bits[index] = halves[raw[2 * index]! | raw[2 * index + 1]! << 8]!
}

/** The same in double precision, for attributes. */
export function decodeDoubles (raw: Uint8Array, datatype: Hdf5Datatype): number[] {
  const type = numeric(datatype)
  const values = new Array<number>(elementCount(raw, type.size)).fill(0)
  fill(values, raw, type)
  return values
}

/** A half-precision number from its bits (IEEE 754 binary16), subnormals, infinities and NaN included. */
export function halfToNumber (bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function numeric (datatype: Hdf5Datatype): IntegerType | FloatType {
  if (datatype.kind === 'integer' || datatype.kind === 'float') return datatype
  if (datatype.kind === 'enum') return datatype.base
  const name = datatype.kind === 'other' ? datatype.name : datatype.kind
  throw new EspalierError('unsupported-format', `HDF5: elements of class ${name} are not numbers; integers, floats and enumerations are`)
}

function elementCount (raw: Uint8Array, size: number): number {
  if (raw.length % size !== 0) throw new EspalierError('invalid-model', `HDF5: ${raw.length} bytes are not a whole number of elements of ${size} bytes`)
  return raw.length / size
}

function fill (values: Float32Array | number[], raw: Uint8Array, type: IntegerType | FloatType): void {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const read = elementReader(view, type)
  for (let i = 0; i < values.length; i++) values[i] = read(i * type.size)
}

function elementReader (view: DataView, type: IntegerType | FloatType): (at: number) => number {
  const little = type.littleEndian
  if (type.kind === 'float') {
    switch (type.format) {
      case 'float16': return (at) => halfToNumber(view.getUint16(at, little))
      case 'bfloat16': {
        const widened = new DataView(new ArrayBuffer(4))
        return (at) => {
          widened.setUint32(0, view.getUint16(at, little) * 0x10000)
          return widened.getFloat32(0)
        }
      }
      case 'float32': return (at) => view.getFloat32(at, little)
      case 'float64': return (at) => view.getFloat64(at, little)
    }
  }
  switch (type.size) {
    case 1: return type.signed ? (at) => view.getInt8(at) : (at) => view.getUint8(at)
    case 2: return type.signed ? (at) => view.getInt16(at, little) : (at) => view.getUint16(at, little)
    case 4: return type.signed ? (at) => view.getInt32(at, little) : (at) => view.getUint32(at, little)
    default: return type.signed ? (at) => Number(view.getBigInt64(at, little)) : (at) => Number(view.getBigUint64(at, little))
  }
}
