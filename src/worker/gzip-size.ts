/** How large a file is after gzip: compressed whole, or from samples when it is large. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { GzipSize } from '../methods/job-types.ts'
import type { ByteSource } from '../models/bytes.ts'

const compress = promisify(gzip)

/** Larger files are estimated: compressing a gigabyte takes half a minute and tells the same to a percent. */
const WHOLE_UP_TO = 256 * 2 ** 20
const SAMPLES = 64
/** Eight times the 32 KB that gzip looks back, so that the beginnings of samples cost little. */
const SAMPLE_BYTES = 2 ** 18
/** Pieces compressed apart, as the library's threads then work side by side; a member costs 18 bytes. */
const PIECE_BYTES = 4 * 2 ** 20
/** What does not compress becomes larger by less, in pieces of 4 MB. */
const ROOM_BYTES = 4096
const REMEMBERED = 1000

/** Bytes of `source` as a gzip file. Above 256 MB an estimate from 64 samples of 256 KB, evenly spread. */
export async function gzipSize (source: ByteSource): Promise<GzipSize> {
  if (source.size <= WHOLE_UP_TO) {
    let bytes = 0
    for (let at = 0; at < source.size; at += PIECE_BYTES * 2) {
      const pieces = [at, at + PIECE_BYTES].filter((start) => start < source.size)
      const sizes = await Promise.all(pieces.map(async (start) => await compressed(source, start, Math.min(PIECE_BYTES, source.size - start))))
      for (const size of sizes) bytes += size
    }
    return { bytes, estimated: false }
  }
  const sample = async (index: number): Promise<number> => await compressed(source, Math.floor((source.size - SAMPLE_BYTES) * index / (SAMPLES - 1)), SAMPLE_BYTES)
  let sampled = 0
  for (let index = 0; index < SAMPLES; index += 2) for (const size of await Promise.all([sample(index), sample(index + 1)])) sampled += size
  return { bytes: Math.round(source.size * sampled / (SAMPLES * SAMPLE_BYTES)), estimated: true }
}

async function compressed (source: ByteSource, offset: number, length: number): Promise<number> {
  // One chunk: each costs a turn of this thread.
  return (await compress(await source.read(offset, length), { chunkSize: length + ROOM_BYTES })).byteLength
}

/** Sizes told before are told again without compressing: a model that is pruned many times, by a sweep say, is measured once. */
export function rememberedGzipSizes (): (source: ByteSource, sha256: string) => Promise<GzipSize> {
  const known = new Map<string, GzipSize>()
  return async (source, sha256) => {
    const size = known.get(sha256) ?? await gzipSize(source)
    // The oldest goes first: a Map keeps the order of insertion.
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value!)
    known.set(sha256, size)
    return size
  }
}
