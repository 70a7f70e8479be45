/** What is known of an image before it is decoded, and what it is decoded to. */
import { EspalierError } from '../../../errors.ts'
import { invalid } from '../format.ts'

export interface ImageHeader {
  readonly width: number
  readonly height: number
  /** Grey or red, green, blue. Of an alpha channel nothing is left. */
  readonly channels: 1 | 3
}

export interface ImageType {
  /** Do the bytes begin as such a file does? */
  recognises (bytes: Uint8Array): boolean
  /** Undefined when `bytes`, the beginning of the file, end before the sizes are told. Throws `invalid-dataset` naming the file. */
  header (bytes: Uint8Array, name: string): ImageHeader | undefined
  /** The pixels of a whole file, row-major, channels last. Throws `invalid-dataset` naming the file. */
  decode (bytes: Uint8Array, name: string): Promise<Uint8Array>
}

/** 4096 x 2048. As float32 it takes 100 MB, and decoders hold several copies besides: with twice the pixels half a gigabyte is not enough. */
const MAX_PIXELS = 2 ** 23

/** Sizes as a header tells them. Throws before anything is allocated for them. */
export function checkedHeader (width: number, height: number, channels: 1 | 3, name: string): ImageHeader {
  if (width === 0 || height === 0) throw invalid(`${name}: ${width} x ${height} pixels`, { file: name })
  if (width * height > MAX_PIXELS) throw new EspalierError('limit-exceeded', `${name}: ${width} x ${height} pixels, at most ${MAX_PIXELS} are read`, { file: name, limit: MAX_PIXELS })
  return { width, height, channels }
}

/** Big-endian, as PNG and JPEG write numbers. */
export function viewOf (bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
