/** safetensors files: a length, a header of JSON, and data. */
import { bytesOf, joined, little, viewOf, type Container } from './container.ts'

/** `length` lies about the header's. */
export function safetensorsOf (header: Uint8Array, data: Uint8Array, length: number | bigint = header.length): Uint8Array {
  return joined(little(length, 8), header, data)
}

export const safetensors: Container = (bytes) => {
  if (bytes.length < 9 || bytes[8] !== 0x7b) return undefined
  const length = viewOf(bytes).getBigUint64(0, true)
  if (length > BigInt(bytes.length - 8)) return undefined
  const end = 8 + Number(length)
  const parts = [{ label: 'header', content: bytes.slice(8, end) }, { label: 'data', content: bytes.slice(end) }]
  return { parts, close: (list) => safetensorsOf(bytesOf(list.find(({ label }) => label === 'header')), bytesOf(list.find(({ label }) => label === 'data'))) }
}
