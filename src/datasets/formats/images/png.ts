/** PNG files: chunks, checked and inflated no further than their pixels go. Source: W3C, Portable Network Graphics, third edition. */
import { crc32 } from '../../../models/crc32.ts'
import { inflate } from '../../../models/inflate.ts'
import { invalid } from '../format.ts'
import { checkedHeader, viewOf, type ImageHeader, type ImageType } from './image.ts'
import { opaquePixels, scanlineBytes, type PngFormat } from './png-pixels.ts'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** Signature, and the whole IHDR chunk: length, type, 13 bytes, checksum. */
const HEADER_BYTES = 33

/** Samples of a pixel by colour type, and the depths that it may have. */
const COLOURS: Readonly<Record<number, { readonly samples: number, readonly depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] }, 2: { samples: 3, depths: [8, 16] }, 3: { samples: 1, depths: [1, 2, 4, 8] }, 4: { samples: 2, depths: [8, 16] }, 6: { samples: 4, depths: [8, 16] },
}

/** Chunks that matter; of the rest, those in capitals may not be passed over. */
const READ = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])

interface Chunk { readonly type: string, readonly data: Uint8Array }

export const png: ImageType = {
  recognises: (bytes) => SIGNATURE.every((byte, index) => bytes[index] === byte),
  header (bytes, name) {
    const { width, height, colour } = formatOf(bytes, name)
    return checkedHeader(width, height, colour === 0 || colour === 4 ? 1 : 3, name)
  },
  async decode (bytes, name) {
    const format = formatOf(bytes, name)
    png.header(bytes, name)
    const chunks = chunksOf(bytes, name)
    const [palette, transparency] = ['PLTE', 'tRNS'].map((type) => chunks.find((chunk) => chunk.type === type)?.data)
    const scanlines = await inflated(chunks.filter(({ type }) => type === 'IDAT'), scanlineBytes(format), name)
    return opaquePixels(scanlines, { ...format, palette, transparency }, name)
  },
}

function formatOf (bytes: Uint8Array, name: string): PngFormat & Omit<ImageHeader, 'channels'> {
  if (bytes.length < HEADER_BYTES) throw invalid(`${name}: ends within its header`, { file: name })
  const view = viewOf(bytes)
  const [length, type] = [view.getUint32(8), view.getUint32(12)]
  if (length !== 13 || type !== 0x49484452) throw invalid(`${name}: is no PNG (it does not begin with an IHDR chunk of 13 bytes)`, { file: name })
  const [depth, colour, compression, filter, interlace] = bytes.subarray(24, 29) as unknown as [number, number, number, number, number]
  const known = COLOURS[colour]
  if (known === undefined || !known.depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw invalid(`${name}: colour type ${colour}, ${depth} bits, compression ${compression}, filter ${filter} and interlace ${interlace} do not make a PNG`, { file: name })
  }
  if (depth === 16) throw invalid(`${name}: 16 bits per sample; images are read with 8, save it so`, { file: name })
  return { width: view.getUint32(16), height: view.getUint32(20), depth, colour, samples: known.samples, interlaced: interlace === 1 }
}

/** The chunks that are read, their checksums compared. */
function chunksOf (bytes: Uint8Array, name: string): Chunk[] {
  const bad = (text: string) => invalid(`${name}: ${text}`, { file: name })
  const [view, chunks] = [viewOf(bytes), [] as Chunk[]]
  for (let at = SIGNATURE.length; ;) {
    if (at + 12 > bytes.length) throw bad('ends before its IEND chunk')
    const length = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (length > bytes.length - at - 12) throw bad(`the chunk ${JSON.stringify(type)} is declared as ${length} bytes, ${bytes.length - at - 12} are left`)
    if (!READ.has(type) && type[0]! < 'a') throw bad(`the chunk ${JSON.stringify(type)} is not known`)
    if (READ.has(type)) {
      if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) throw bad(`the checksum of the chunk ${type} is wrong, the file is damaged`)
      if (type !== 'IDAT' && chunks.some((chunk) => chunk.type === type)) throw bad(`the chunk ${type} comes twice`)
      chunks.push({ type, data: bytes.subarray(at + 8, at + 8 + length) })
    }
    if (type === 'IEND') return chunks
    at += 12 + length
  }
}

/** Exactly `size` bytes out of the IDAT chunks; a bomb is left as soon as it gives more. */
async function inflated (chunks: readonly Chunk[], size: number, name: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let at = 0
  const compressed = async function * () { for (const { data } of chunks) yield data }
  for await (const piece of inflate(compressed(), 'deflate', name, 'invalid-dataset')) {
    if (piece.length > size - at) throw invalid(`${name}: its pixels take ${size} bytes, it holds more`, { file: name })
    bytes.set(piece, at)
    at += piece.length
  }
  if (at !== size) throw invalid(`${name}: its pixels take ${size} bytes, it holds ${at}`, { file: name })
  return bytes
}
