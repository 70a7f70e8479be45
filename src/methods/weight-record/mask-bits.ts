/** Masks as bits: 1 for what is not zero, eight to a byte, the first in the highest bit (as numpy.packbits has them). */
import { decodeNumbers, type Hdf5Datatype } from '../../models/formats/hdf5/index.ts'

export function bytesFor (bits: number): number {
  return Math.ceil(bits / 8)
}

type Numbers = Float32Array | Uint16Array

/** Notes which of `values` are not zero, from bit `first` on; those bits were 0. Of 16-bit floats `signless` leaves out the sign, so that -0 is zero. */
export function packNonzeros (values: Numbers, bits: Uint8Array, first = 0, signless = -1): void {
  const { length } = values
  let index = 0
  const set = (until: number): void => {
    for (; index < until; index++) if (isSet(values[index]!, signless)) bits[(first + index) >> 3]! |= 0x80 >> ((first + index) & 7)
  }
  set(Math.min(length, (8 - first % 8) % 8))
  if (values instanceof Float32Array) index = packFloats(values, index, bits, Math.ceil((first + index) / 8))
  set(length)
}

function isSet (value: number, signless: number): boolean {
  return signless === -1 ? value !== 0 : (value & signless) !== 0
}

/** Whole bytes; gives the number of the first value that is left. */
function packFloats (values: Float32Array, from: number, bits: Uint8Array, byte: number): number {
  let index = from
  for (; index + 8 <= values.length; index += 8) {
    bits[byte++] = (values[index] !== 0 ? 128 : 0) | (values[index + 1] !== 0 ? 64 : 0) | (values[index + 2] !== 0 ? 32 : 0) | (values[index + 3] !== 0 ? 16 : 0) |
      (values[index + 4] !== 0 ? 8 : 0) | (values[index + 5] !== 0 ? 4 : 0) | (values[index + 6] !== 0 ? 2 : 0) | (values[index + 7] !== 0 ? 1 : 0)
  }
  return index
}

/** The same with raw elements of a file, those from number `first` on. */
export function packRaw (raw: Uint8Array, datatype: Hdf5Datatype, bits: Uint8Array, first: number): void {
  const isHalf = datatype.kind === 'float' && datatype.littleEndian && (datatype.format === 'float16' || datatype.format === 'bfloat16')
  const isSingle = datatype.kind === 'float' && datatype.littleEndian && datatype.format === 'float32'
  if (!isHalf && !isSingle) return packNonzeros(decodeNumbers(raw, datatype), bits, first)
  const { buffer, byteOffset, byteLength } = raw.byteOffset % datatype.size === 0 ? raw : raw.slice()
  if (isHalf) packNonzeros(new Uint16Array(buffer, byteOffset, byteLength / 2), bits, first, 0x7fff)
  else packNonzeros(new Float32Array(buffer, byteOffset, byteLength / 4), bits, first)
}

/** How many bits of each byte are 1. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => [...byte.toString(2)].filter((digit) => digit === '1').length)

/** How many of the bits from `from` to below `to` are 1. */
export function countBits (bits: Uint8Array, from: number, to: number): number {
  if (from >= to) return 0
  const [first, last] = [from >> 3, (to - 1) >> 3]
  const [head, tail] = [0xff >> (from & 7), 0xff << (7 - ((to - 1) & 7)) & 0xff]
  if (first === last) return ONES[bits[first]! & head & tail]!
  let count = ONES[bits[first]! & head]! + ONES[bits[last]! & tail]!
  for (let byte = first + 1; byte < last; byte++) count += ONES[bits[byte]!]!
  return count
}
