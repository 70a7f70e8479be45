/** Decompression of Parquet's pages, never to more than is declared. */
import { EspalierError } from '../../../errors.ts'
import { inflate } from '../../../models/inflate.ts'
import { invalid } from '../format.ts'

const NAMES = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const

/** Writers make pages of about 1 MiB. */
const MAX_PAGE_BYTES = 64 * 2 ** 20

/** Throws `limit-exceeded` for a page that is larger than pages are. */
export function assertPageBytes (bytes: number, what: string): void {
  if (bytes > MAX_PAGE_BYTES) throw new EspalierError('limit-exceeded', `${what}: a page of ${bytes} bytes, at most ${MAX_PAGE_BYTES} are read`, { limit: MAX_PAGE_BYTES, bytes })
}

/** Just `size` bytes. Throws `invalid-dataset` naming `what` when there are others. */
export async function decompress (codec: number, bytes: Uint8Array, size: number, what: string): Promise<Uint8Array> {
  const result = await unchecked(codec, bytes, size, what)
  if (result.length !== size) throw invalid(`${what}: a page is declared as ${size} bytes and holds ${result.length}`)
  return result
}

async function unchecked (codec: number, bytes: Uint8Array, size: number, what: string): Promise<Uint8Array> {
  const name = NAMES[codec]
  if (name === 'UNCOMPRESSED') return bytes
  if (name === 'GZIP') return await gunzipped(bytes, size, what)
  if (name !== 'SNAPPY' && name !== 'ZSTD') throw invalid(`${what}: is compressed with ${name ?? `codec ${codec}`}; snappy, gzip, zstd and no compression are read`)
  const { compressors, decompressZstd } = await (loading ??= import('hyparquet-compressors'))
  try {
    return name === 'SNAPPY' ? compressors.SNAPPY!(bytes, size) : decompressZstd(bytes, new Uint8Array(size))
  } catch (cause) {
    throw new EspalierError('invalid-dataset', `${what}: the data compressed with ${name} are damaged`, {}, { cause })
  }
}

/** Loaded with the first page, once: looking a module up takes longer than decompressing a page. */
let loading: Promise<typeof import('hyparquet-compressors')> | undefined

async function gunzipped (bytes: Uint8Array, size: number, what: string): Promise<Uint8Array> {
  const result = new Uint8Array(size)
  let at = 0
  const whole = async function * () { yield bytes }
  for await (const piece of inflate(whole(), 'gzip', what, 'invalid-dataset')) {
    if (piece.length > size - at) throw invalid(`${what}: a page is declared as ${size} bytes and holds more`)
    result.set(piece, at)
    at += piece.length
  }
  return result.subarray(0, at)
}
