/** Numbers of any width and byte order as float32. */
import { NUMBER_TYPES, type NumberType } from '../models/tensor.ts'

type Getter = (view: DataView, at: number, littleEndian: boolean) => number

const GETTERS = {
  float16: (view, at, little) => fromFloat16(view.getUint16(at, little)),
  bfloat16: (view, at, little) => fromFloat32Bits(view.getUint16(at, little) << 16),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  int16: (view, at, little) => view.getInt16(at, little),
  uint16: (view, at, little) => view.getUint16(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  int64: (view, at, little) => view.getInt32(at + (little ? 4 : 0), little) * 2 ** 32 + view.getUint32(at + (little ? 0 : 4), little),
  uint64: (view, at, little) => view.getUint32(at + (little ? 4 : 0), little) * 2 ** 32 + view.getUint32(at + (little ? 0 : 4), little),
  bool: (view, at) => view.getUint8(at) !== 0 ? 1 : 0,
} as const satisfies Record<NumberType, Getter>

/** `bytes` (whole numbers of `type`) as float32, rounded to nearest; 64-bit integers by way of float64. */
export function toFloat32 (bytes: Uint8Array, type: NumberType, littleEndian = true): Float32Array {
  if (type === 'uint8') return Float32Array.from(bytes)
  const width = NUMBER_TYPES[type]
  const values = new Float32Array(bytes.length / width)
  if (type === 'float32' && littleEndian && isLittleEndianMachine) {
    new Uint8Array(values.buffer).set(bytes)
    return values
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const get: Getter = GETTERS[type]
  for (let index = 0; index < values.length; index++) values[index] = get(view, index * width, littleEndian)
  return values
}

const isLittleEndianMachine = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

const scratch = new DataView(new ArrayBuffer(4))

function fromFloat32Bits (bits: number): number {
  scratch.setInt32(0, bits)
  return scratch.getFloat32(0)
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function fromFloat16 (bits: number): number {
  const sign = (bits & 0x8000) !== 0 ? -1 : 1
  const exponent = bits >>> 10 & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
