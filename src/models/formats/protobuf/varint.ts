/** Varints of protobuf: seven bits a byte, the lowest first. */
import { malformed } from './fail.ts'

/** Bytes of the longest varint, of 64 bits. */
export const MAX_VARINT = 10

/** A varint as it was read: exact, so one of more than 49 bits is a bigint. */
export interface Varint { readonly value: number | bigint, readonly size: number }

/**
 * The varint at `at` of what is called `what` in errors; undefined when `bytes` end within it. Longer than ten bytes, or above 64 bits, is malformed.
 * Source: protobuf, Encoding, "Base 128 Varints".
 */
export function readVarint (bytes: Uint8Array, at: number, what: string): Varint | undefined {
  let [value, scale] = [0, 1]
  for (let size = 1; size <= 7; size++) {
    const byte = bytes[at + size - 1]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return { value, size }
    scale *= 0x80
  }
  let wide = BigInt(value)
  for (let size = 8; size <= MAX_VARINT; size++) {
    const byte = bytes[at + size - 1]
    if (byte === undefined) return undefined
    wide += BigInt(byte & 0x7f) << BigInt(7 * (size - 1))
    if (byte < 0x80) {
      if (wide >= 2n ** 64n) break
      return { value: wide, size }
    }
  }
  throw malformed(`${what} has a number of more than 64 bits`)
}

/** The varint as a signed number of 64 bits; undefined beyond what a double tells exactly. */
export function signedOf (value: number | bigint): number | undefined {
  const signed = typeof value === 'number' ? value : Number(BigInt.asIntN(64, value))
  return Number.isSafeInteger(signed) ? signed : undefined
}

/** The shortest varint of an integer; a negative one has ten bytes, as int32 and int64 fields have it. */
export function varintOf (value: number | bigint): number[] {
  if (typeof value === 'number' && value >= 0 && value < 0x80) return [value]
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}
