/** Texts of JSON and their like: words, numbers and signs. */
import { bytesOf, joined, utf8, type Container, type Part } from './container.ts'

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|\w+|[\s]+|[^\s\w]/gu

/** Longer texts take too long to be taken apart every time. */
const MAX_BYTES = 256 * 1024

export const json: Container = (bytes) => {
  if ((bytes[0] !== 0x7b && bytes[0] !== 0x5b) || bytes.length > MAX_BYTES) return undefined
  const parts: Part[] = (new TextDecoder().decode(bytes).match(TOKEN) ?? []).map((token) => ({ label: '', content: utf8(token) }))
  return parts.length < 3 ? undefined : { parts, close: (list) => joined(...list.map(bytesOf)) }
}
