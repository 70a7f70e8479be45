/** PNG files: chunks with their checksums, and the pixels out of their compression. */
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { big, bytesOf, joined, startsWith, utf8, viewOf, type Container, type Part } from './container.ts'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

export interface PngChunk { readonly type: string, readonly data: Uint8Array }

export function pngOf (chunks: readonly PngChunk[]): Uint8Array {
  return joined(SIGNATURE, ...chunks.map(({ type, data }) => {
    const body = joined(utf8(type), data)
    return joined(big(data.length, 4), body, big(crc32(body), 4))
  }))
}

export function chunksOf (bytes: Uint8Array): PngChunk[] {
  const chunks: PngChunk[] = []
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = viewOf(bytes).getUint32(at)
    chunks.push({ type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), data: bytes.slice(at + 8, at + 8 + length) })
    at += 12 + length
  }
  return chunks
}

/** An IHDR chunk. */
export function headerChunk (width: number, height: number, depth = 8, colour = 0, rest: readonly number[] = [0, 0, 0]): PngChunk {
  return { type: 'IHDR', data: joined(big(width, 4), big(height, 4), [depth, colour], rest) }
}

export const png: Container = (bytes) => {
  if (!startsWith(bytes, ...SIGNATURE)) return undefined
  try {
    const chunks = chunksOf(bytes)
    const pixels = joined(...chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data))
    const others = chunks.filter(({ type }) => type !== 'IDAT' && type !== 'IEND')
    const parts: Part[] = [...others.map(({ type, data }) => ({ label: type, content: data })), { label: 'IDAT', content: new Uint8Array(inflateSync(pixels, { maxOutputLength: 2 ** 26 })) }]
    return {
      parts,
      close: (list) => pngOf([...list.map((part) => ({ type: part.label, data: part.label === 'IDAT' ? new Uint8Array(deflateSync(bytesOf(part))) : bytesOf(part) })), { type: 'IEND', data: new Uint8Array() }]),
    }
  } catch {
    return undefined
  }
}
