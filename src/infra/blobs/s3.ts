/** The Blobs port on an S3-compatible store: `blobs/<sha256>` for complete files, `sums/<sha256>` for their checksums, `uploads/` for those still being written. */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { S3Settings } from '../../config-s3.ts'
import { EspalierError } from '../../errors.ts'
import type { Blobs } from '../../jobs/ports.ts'
import { blockReader } from './block-reader.ts'
import { isAddress, noSuchBlob, rangeWithin, verified } from './content.ts'
import { beginUpload, copyObject, MAX_PARTS, type Upload } from './s3-multipart.ts'
import { BLOBS, gather, recut, s3Objects, SUMS, UPLOADS } from './s3-objects.ts'
import { sweepObjects } from './s3-sweep.ts'
import { checked, decodeSums, encodeSums, Summer, sumsOf, wholePieces, type Sums } from './sums.ts'
import { writeChunks } from './write-chunks.ts'

export interface S3BlobsOptions {
  /** How long to wait for a store that went away, milliseconds. */
  readonly patience?: number
  /** Size of a part of an upload, of which two are held; files up to this size are stored at once. A multiple of the checksums' pieces, at least 5 MiB. */
  readonly partBytes?: number
  /** Objects up to this size are copied at once, larger ones in parts of it. At least 5 MiB. */
  readonly copyBytes?: number
}

const MiB = 2 ** 20
const PART_BYTES = 8 * MiB
/** The store may copy up to 5 GB at once, but says nothing while it does; this takes it a few seconds. */
const COPY_BYTES = 512 * MiB
/** Pieces of a stream. */
const PIECE_BYTES = MiB
/** What a small read fetches, and how far reads one after the other look ahead: a request takes as long as some of this takes to come. */
const [LEAST_READ, MOST_READ] = [MiB, 8 * MiB]

/** Blobs in the bucket of `settings`, which is there. Several processes may share it. Methods throw `unavailable` when the store cannot be reached or refuses. */
export function createS3Blobs (settings: S3Settings, { patience = 0, partBytes = PART_BYTES, copyBytes = COPY_BYTES }: S3BlobsOptions = {}): Blobs {
  const objects = s3Objects(settings, patience)

  async function sizeOf (sha256: string): Promise<number> {
    const info = isAddress(sha256) ? await objects.head(BLOBS + sha256) : null
    if (info === null) throw noSuchBlob(sha256)
    return info.bytes
  }

  const read = (sha256: string, from: number, to: number): AsyncGenerator<Uint8Array> => objects.read(BLOBS + sha256, from, to, () => noSuchBlob(sha256))

  async function storedSums (sha256: string, size: number): Promise<Sums | null> {
    return decodeSums(await objects.small(SUMS + sha256), size)
  }

  /** Reads and checks all of the file when its sums are lost. */
  async function sumsFor (sha256: string, size: number): Promise<Sums> {
    const stored = await storedSums(sha256, size)
    if (stored !== null) return stored
    const sums = await sumsOf(sha256, size, read(sha256, 0, size))
    await objects.put(SUMS + sha256, encodeSums(sums))
    return sums
  }

  /** Over an equal blob as well: that renews its age, so that no sweep takes it before a row refers to it, and heals a damaged one. */
  async function publish (sha256: string, sums: Sums, write: () => Promise<void>): Promise<{ sha256: string, bytes: number, created: boolean }> {
    const created = await objects.head(BLOBS + sha256) === null
    await objects.put(SUMS + sha256, encodeSums(sums))
    await write()
    return { sha256, bytes: sums.bytes, created }
  }

  return {
    async put (content, limit, hold) {
      const key = UPLOADS + randomUUID()
      const size = partSize(partBytes, limit)
      const summer = new Summer()
      let small: Uint8Array = new Uint8Array(0)
      let upload: Upload | undefined
      try {
        const { sha256, bytes } = await writeChunks(content, size, limit, async (position, chunk, last) => {
          if (position >= MAX_PARTS) throw new EspalierError('payload-too-large', `the file has more than ${MAX_PARTS} parts of ${size} bytes`, { limit: MAX_PARTS * size })
          summer.add(chunk)
          if (position === 0 && last) {
            small = chunk
            return
          }
          upload ??= await beginUpload(objects, key)
          await upload.part(position + 1, chunk)
        })
        const sums = summer.sums()
        await hold?.(sha256)
        if (upload === undefined) return await publish(sha256, sums, async () => { await objects.put(BLOBS + sha256, small) })
        await upload.complete()
        upload = undefined
        try {
          return await publish(sha256, sums, async () => { await copyObject(objects, key, BLOBS + sha256, bytes, copyBytes) })
        } finally {
          // Best effort: what stays behind is swept.
          await objects.delete(key).catch(() => {})
        }
      } catch (error) {
        await upload?.abort()
        throw error
      }
    },

    async take (place, _known, hold) {
      return await this.put(createReadStream(place, { highWaterMark: PIECE_BYTES }), undefined, hold)
    },

    async open (sha256) {
      const size = await sizeOf(sha256)
      const sums = await sumsFor(sha256, size)
      const fetch = async (from: number, to: number): Promise<Uint8Array> => await gather(read(sha256, from, to), to - from)
      return { size, read: blockReader({ sha256, sums, fetch, least: LEAST_READ, most: MOST_READ }), async close () {} }
    },

    async * stream (sha256, range) {
      const size = await sizeOf(sha256)
      const { from, to } = rangeWithin(size, range)
      const all = from === 0 && to === size
      const sums = all ? await storedSums(sha256, size) : await sumsFor(sha256, size)
      const pieces = wholePieces(size, from, to)
      const content = recut(read(sha256, pieces.from, pieces.to), PIECE_BYTES)
      const bytes = sums === null ? content : checked(sha256, sums, content, pieces.from, from, to)
      yield * all ? verified(bytes, sha256, size) : bytes
    },

    async localPath () {
      return undefined
    },

    async has (sha256) {
      return isAddress(sha256) && await objects.head(BLOBS + sha256) !== null
    },

    async delete (sha256) {
      if (!await this.has(sha256)) return false
      await objects.delete(BLOBS + sha256)
      await objects.delete(SUMS + sha256)
      return true
    },

    async sweep (keep, olderThanMs) {
      return await sweepObjects(objects, keep, Date.now() - olderThanMs)
    },

    async ping () {
      await objects.ping()
    },

    async close () {
      objects.client.destroy()
    },
  }
}

/** So large that a file of `limit` bytes fits into the parts that an upload may have. */
function partSize (least: number, limit = 0): number {
  return Number.isFinite(limit) ? Math.max(least, Math.ceil(limit / MAX_PARTS / MiB) * MiB) : least
}
