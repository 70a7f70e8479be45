/** A checkpoint around that of one training: its own part, with its length before it, and the training's behind. */

/** Of the own part's length, uint32, little-endian. */
const LENGTH = 4

export function aroundCheckpoint (own: Uint8Array, inner: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH + own.length + inner.length)
  new DataView(bytes.buffer).setUint32(0, own.length, true)
  bytes.set(own, LENGTH)
  bytes.set(inner, LENGTH + own.length)
  return bytes
}

/** Bytes that are no such checkpoint give an own part that cannot be decoded. */
export function withinCheckpoint (bytes: Uint8Array): { readonly own: Uint8Array, readonly inner: Uint8Array } {
  const length = bytes.length < LENGTH ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  return { own: bytes.subarray(LENGTH, LENGTH + length), inner: bytes.subarray(LENGTH + length) }
}
