/** .npy arrays: a header of text, and numbers. */
import { bytesOf, joined, little, startsWith, utf8, viewOf, type Container } from './container.ts'

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/** An array with this text as its header; `length` lies about it. */
export function npyOf (text: string | Uint8Array, data: Uint8Array, { version = 1, length }: { version?: number, length?: number } = {}): Uint8Array {
  const header = typeof text === 'string' ? utf8(text) : text
  return joined(MAGIC, [version, 0], little(length ?? header.length, version === 1 ? 2 : 4), header, data)
}

export function dictOf (descr: string, shape: string, fortran = 'False'): string {
  return `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`
}

export const npy: Container = (bytes) => {
  if (!startsWith(bytes, ...MAGIC) || bytes.length < 12) return undefined
  const version = bytes[6]!
  const start = version === 1 ? 10 : 12
  const end = start + (version === 1 ? viewOf(bytes).getUint16(8, true) : viewOf(bytes).getUint32(8, true))
  if (end > bytes.length) return undefined
  return {
    parts: [{ label: 'header', content: bytes.slice(start, end) }, { label: 'data', content: bytes.slice(end) }],
    close: (list) => npyOf(bytesOf(list[0]), bytesOf(list[1]), { version }),
  }
}
