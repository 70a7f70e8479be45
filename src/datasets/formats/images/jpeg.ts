/** JPEG files: baseline and progressive ones of 8 bits, decoded by libjpeg-turbo, as Pillow, TensorFlow and Keras do. Source: ITU-T T.81. */
import type { Codec } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'
import { EspalierError } from '../../../errors.ts'
import { invalid } from '../format.ts'
import { checkedHeader, viewOf, type ImageHeader, type ImageType } from './image.ts'

/** Second bytes of markers. */
const [START_OF_SCAN, END_OF_IMAGE] = [0xda, 0xd9]

/** Huffman-coded frames: baseline, extended, progressive. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2])

/** Frames that are not decoded (lossless, arithmetic); C4, C8 and CC are no frames. */
const OTHER_FRAMES = new Set([0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf])

/** Programs write about ten. Each goes over the whole image, however few bytes it has. */
const MAX_SCANS = 100

interface Frame extends ImageHeader { /** Where the first scan begins. */ readonly scans: number }

export const jpeg: ImageType = {
  recognises: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
  header (bytes, name) {
    const frame = frameOf(bytes, name)
    return frame && { width: frame.width, height: frame.height, channels: frame.channels }
  },
  async decode (bytes, name) {
    const frame = frameOf(bytes, name)
    if (frame === undefined) throw invalid(`${name}: ends within its header`, { file: name })
    assertScans(bytes, frame.scans, name)
    return pixelsOf(await codec(), bytes, frame, name)
  },
}

/** The frame header; undefined when `bytes` end before it. */
function frameOf (bytes: Uint8Array, name: string): Frame | undefined {
  const view = viewOf(bytes)
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw invalid(`${name}: there is no marker at byte ${at}, the file is damaged`, { file: name, offset: at })
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    if (OTHER_FRAMES.has(marker)) throw invalid(`${name}: a lossless or arithmetic-coded JPEG (frame type ${marker - 0xc0}); baseline and progressive ones are read`, { file: name })
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE) throw invalid(`${name}: has no frame header`, { file: name })
    const length = view.getUint16(at + 2)
    if (length < 2) throw invalid(`${name}: a segment of ${length} bytes at byte ${at}`, { file: name, offset: at })
    if (FRAMES.has(marker)) {
      if (at + 10 > bytes.length) return undefined
      const [depth, height, width, components] = [bytes[at + 4]!, view.getUint16(at + 5), view.getUint16(at + 7), bytes[at + 9]!]
      if (depth !== 8) throw invalid(`${name}: ${depth} bits per sample; JPEGs of 8 are read`, { file: name })
      if (components !== 1 && components !== 3) throw invalid(`${name}: ${components} components (CMYK?); grey and colour JPEGs are read`, { file: name })
      return { ...checkedHeader(width, height, components, name), scans: at + 2 + length }
    }
    at += 2 + length
  }
  return undefined
}

/** Throws for a file that was cut off, which the decoder would fill up with grey, and for one with more scans than are good. */
function assertScans (bytes: Uint8Array, from: number, name: string): void {
  let scans = 0
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === END_OF_IMAGE && scans > 0) return
    if (bytes[at + 1] === START_OF_SCAN && ++scans > MAX_SCANS) {
      throw new EspalierError('limit-exceeded', `${name}: more than ${MAX_SCANS} scans`, { file: name, limit: MAX_SCANS })
    }
  }
  throw invalid(`${name}: ends before its end marker, the file is cut off`, { file: name })
}

function pixelsOf ({ JPEGDecoder }: Codec, bytes: Uint8Array, { width, height, channels }: Frame, name: string): Uint8Array {
  const decoder = new JPEGDecoder()
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes)
    decoder.decode()
    const info = decoder.getFrameInfo()
    const pixels = decoder.getDecodedBuffer()
    if (info.width !== width || info.height !== height || info.componentCount !== channels || pixels.length !== width * height * channels) {
      throw new Error(`${info.width} x ${info.height} x ${info.componentCount} decoded`)
    }
    return pixels.slice()
  } catch (cause) {
    // A module that was aborted answers nothing any more.
    if (cause instanceof WebAssembly.RuntimeError) loading = undefined
    throw new EspalierError('invalid-dataset', `${name}: the JPEG cannot be decoded, the file is damaged`, { file: name }, { cause })
  } finally {
    decoder.delete()
  }
}

let loading: Promise<Codec> | undefined

/** Loaded with the first JPEG: it takes 50 MB of memory. */
async function codec (): Promise<Codec> {
  const quiet = (): void => {}
  loading ??= import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs').then(async ({ default: create }) => await create({ print: quiet, printErr: quiet }))
  return await loading
}
