/** The keys under which the parts of a partitioned variable are stored. Source: tensorflow/core/util/saved_tensor_slice_util.cc and lib/strings/ordered_code.cc. */
import type { Slice } from './bundle.ts'

/** Bits of the header by the number of bytes. */
const HEADER_BITS = [[0, 0], [0x80, 0], [0xc0, 0], [0xe0, 0], [0xf0, 0], [0xf8, 0], [0xfc, 0], [0xfe, 0], [0xff, 0], [0xff, 0x80], [0xff, 0xc0]] as const

/** One letter a byte, as the keys of an index are. */
export function sliceKey (name: string, slice: Slice): string {
  const extents = slice.flatMap(({ start, length }) => [signed(start), signed(length ?? -1)])
  return unsigned(0) + text(name) + unsigned(slice.length) + extents.join('')
}

/** The number of bytes, then these, the highest first. */
function unsigned (value: number): string {
  let bytes = ''
  for (let left = value; left > 0; left = Math.floor(left / 256)) bytes = letter(left % 256) + bytes
  return letter(bytes.length) + bytes
}

/** The two bytes that would be taken for others are escaped; an end mark follows. */
function text (value: string): string {
  return value.replace(/[\0\xff]/g, (one) => one === '\0' ? '\0\xff' : '\xff\0') + '\0\x01'
}

/** As few bytes as hold it; the highest bits tell how many. */
function signed (value: number): string {
  const magnitude = value < 0 ? ~BigInt(value) : BigInt(value)
  let length = 1
  while (magnitude >= 1n << BigInt(7 * length - 1)) length++
  const bytes = Array.from({ length }, (_, index) => Number(BigInt(value) >> BigInt(8 * (length - 1 - index)) & 0xffn))
  const bits = HEADER_BITS[length]!
  return bytes.map((byte, index) => letter(byte ^ (bits[index] ?? 0))).join('')
}

function letter (byte: number): string {
  return String.fromCharCode(byte)
}
