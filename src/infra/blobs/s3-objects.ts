/** Objects of one bucket: whole small ones, pieces of large ones, lists. */
import { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Settings } from '../../config-s3.ts'
import { EspalierError } from '../../errors.ts'
import { createS3Client, isStoreLoss, orMissing } from './s3-client.ts'

export interface ObjectInfo { readonly bytes: number, readonly at: Date }
export interface ListedObject extends ObjectInfo { readonly key: string }

export type S3Objects = ReturnType<typeof s3Objects>

/** Folders below the prefix: complete files, their checksums, files that are being written. */
export const [BLOBS, SUMS, UPLOADS] = ['blobs/', 'sums/', 'uploads/'] as const

const RESUME_PAUSE_MS = 100

/** Keys are without the prefix of the settings. Everything throws `unavailable` when the store stays away. */
export function s3Objects (settings: S3Settings, patienceMs: number) {
  const { client, away } = createS3Client(settings, patienceMs)
  const at = (key: string): { Bucket: string, Key: string } => ({ Bucket: settings.bucket, Key: settings.prefix + key })

  async function get (key: string, range: string): Promise<AsyncIterable<Uint8Array> | null> {
    const answer = await orMissing(client.send(new GetObjectCommand({ ...at(key), Range: range })))
    return answer === null ? null : answer.Body as unknown as AsyncIterable<Uint8Array>
  }

  /**
   * Bytes [from, to), fewer where the object ends before, in chunks as they come. Goes on where a connection broke, as long as something comes.
   * @throws what `missing` makes when there is no such object
   */
  async function * read (key: string, from: number, to: number, missing: () => EspalierError): AsyncGenerator<Uint8Array> {
    for (let next = from, stuck = false; next < to; stuck = true) {
      const body = await get(key, `bytes=${next}-${to - 1}`).catch((thrown: Error) => {
        if (thrown.name === 'InvalidRange') return []
        throw thrown
      })
      if (body === null) throw missing()
      try {
        for await (const chunk of body) {
          if (chunk.byteLength === 0) continue
          stuck = false
          next += chunk.byteLength
          yield chunk
        }
        return
      } catch (thrown) {
        if (!isStoreLoss(thrown)) throw thrown
        if (stuck) throw new EspalierError('unavailable', away, {}, { cause: thrown })
        await sleep(RESUME_PAUSE_MS)
      }
    }
  }

  return {
    client,
    at,
    /** As CopySource wants it. */
    source: (key: string): string => `${settings.bucket}/${(settings.prefix + key).split('/').map(encodeURIComponent).join('/')}`,
    keyOf: (full: string): string => full.slice(settings.prefix.length),
    read,

    async head (key: string): Promise<ObjectInfo | null> {
      const answer = await orMissing(client.send(new HeadObjectCommand(at(key))))
      return answer === null ? null : { bytes: answer.ContentLength ?? 0, at: answer.LastModified ?? new Date(0) }
    },

    async put (key: string, bytes: Uint8Array): Promise<void> {
      await client.send(new PutObjectCommand({ ...at(key), Body: bytes, ContentLength: bytes.byteLength }))
    },

    /** All of a small object; null when there is none. */
    async small (key: string): Promise<Uint8Array | null> {
      const size = (await this.head(key))?.bytes
      if (size === undefined) return null
      return await gather(read(key, 0, size, () => new EspalierError('not-found', `the object ${key} was deleted while it was read`)), size)
    },

    async delete (key: string): Promise<void> {
      await orMissing(client.send(new DeleteObjectCommand(at(key))))
    },

    async * list (folder: string): AsyncGenerator<ListedObject> {
      for (let token: string | undefined, more = true; more;) {
        const answer = await client.send(new ListObjectsV2Command({ Bucket: settings.bucket, Prefix: settings.prefix + folder, ...(token !== undefined && { ContinuationToken: token }) }))
        for (const { Key, Size, LastModified } of answer.Contents ?? []) {
          if (Key !== undefined) yield { key: this.keyOf(Key), bytes: Size ?? 0, at: LastModified ?? new Date(0) }
        }
        token = answer.NextContinuationToken
        more = answer.IsTruncated === true && token !== undefined
      }
    },

    async ping (): Promise<void> {
      if (await orMissing(client.send(new HeadBucketCommand({ Bucket: settings.bucket }))) === null) {
        throw new EspalierError('unavailable', `the S3 store has no bucket "${settings.bucket}"; make it, or correct ESPALIER_S3_BUCKET`)
      }
    },
  }
}

/** All of it as one, of at most `size` bytes. */
export async function gather (content: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let filled = 0
  for await (const chunk of content) {
    bytes.set(chunk, filled)
    filled += chunk.byteLength
  }
  return bytes.subarray(0, filled)
}

/** Chunks of any size as pieces of `size` bytes; the last may be shorter. */
export async function * recut (content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(size)
  let filled = 0
  for await (const chunk of content) {
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + size - filled)
      piece.set(part, filled)
      filled += part.byteLength
      at += part.byteLength
      if (filled < size) continue
      yield piece
      piece = new Uint8Array(size)
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}
