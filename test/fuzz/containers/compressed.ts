/** Streams of gzip: what is inside is changed and compressed again. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { bytesOf, startsWith, type Container } from './container.ts'

export const gzip: Container = (bytes) => {
  if (!startsWith(bytes, 0x1f, 0x8b)) return undefined
  try {
    const content = new Uint8Array(gunzipSync(bytes, { maxOutputLength: 2 ** 26 }))
    return { parts: [{ label: '', content }], close: ([part]) => new Uint8Array(gzipSync(bytesOf(part))) }
  } catch {
    return undefined
  }
}
