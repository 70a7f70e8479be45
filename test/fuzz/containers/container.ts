/** A file that is made of parts: taken apart, a part is changed, and sizes and checksums around it are right again. */

/** Bytes, or a number as it is counted in protobuf and thrift. */
export interface Part {
  /** What it is called in the file; containers that have names write it back. */
  readonly label: string
  readonly content: Uint8Array | bigint
}

export interface Opened {
  readonly parts: readonly Part[]
  /** The file of other parts. */
  close (parts: readonly Part[]): Uint8Array
}

/** Undefined when the bytes are not of this kind. Never throws. */
export type Container = (bytes: Uint8Array) => Opened | undefined

export function bytesOf (part: Part | undefined): Uint8Array {
  return part?.content instanceof Uint8Array ? part.content : new TextEncoder().encode(String(part?.content ?? ''))
}

export function joined (...parts: ReadonlyArray<Uint8Array | readonly number[]>): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

export function viewOf (bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** `width` bytes of a number; what does not fit is cut off. */
export function little (value: number | bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width)
  let rest = BigInt.asUintN(64, BigInt(value))
  for (let at = 0; at < width; at++, rest >>= 8n) bytes[at] = Number(rest & 255n)
  return bytes
}

export function big (value: number | bigint, width: number): Uint8Array {
  return little(value, width).reverse()
}

export function utf8 (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function startsWith (bytes: Uint8Array, ...magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte)
}
