/** Large objects: written in parts, and copied within the store in parts. Nothing is visible until all parts are there. */
import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, ListMultipartUploadsCommand, UploadPartCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3'
import { orMissing } from './s3-client.ts'
import type { S3Objects } from './s3-objects.ts'

/** Most parts of one upload. Source: Amazon S3 User Guide, multipart upload limits. */
export const MAX_PARTS = 10_000

/** Copies of parts on their way at once. */
const COPIES = 4

export interface Upload {
  /** Part `number` from 1; parts come in order, all but the last of one size. */
  part (number: number, bytes: Uint8Array): Promise<void>
  complete (): Promise<void>
  /** Best effort: what stays behind is not visible and is swept. */
  abort (): Promise<void>
}

interface Part { readonly PartNumber: number, readonly ETag: string | undefined }

async function begin ({ client, at }: S3Objects, key: string): Promise<Upload & { copy (number: number, source: string, from: number, to: number): Promise<void> }> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at(key)))
  const parts: Part[] = []
  return {
    async part (number, bytes) {
      const { ETag } = await client.send(new UploadPartCommand({ ...at(key), UploadId, PartNumber: number, Body: bytes, ContentLength: bytes.byteLength }))
      parts.push({ PartNumber: number, ETag })
    },
    async copy (number, source, from, to) {
      const { CopyPartResult } = await client.send(new UploadPartCopyCommand({ ...at(key), UploadId, PartNumber: number, CopySource: source, CopySourceRange: `bytes=${from}-${to - 1}` }))
      parts.push({ PartNumber: number, ETag: CopyPartResult?.ETag })
    },
    async complete () {
      parts.sort((a, b) => a.PartNumber - b.PartNumber)
      await client.send(new CompleteMultipartUploadCommand({ ...at(key), UploadId, MultipartUpload: { Parts: parts } }))
    },
    async abort () {
      await client.send(new AbortMultipartUploadCommand({ ...at(key), UploadId })).catch(() => {})
    },
  }
}

export async function beginUpload (objects: S3Objects, key: string): Promise<Upload> {
  return await begin(objects, key)
}

/** Copies an object of `bytes` bytes: at once up to `copyBytes`, else in parts of that size. */
export async function copyObject (objects: S3Objects, from: string, to: string, bytes: number, copyBytes: number): Promise<void> {
  if (bytes <= copyBytes) {
    await objects.client.send(new CopyObjectCommand({ ...objects.at(to), CopySource: objects.source(from) }))
    return
  }
  const upload = await begin(objects, to)
  try {
    const count = Math.ceil(bytes / copyBytes)
    let next = 0
    const copySome = async (): Promise<void> => {
      while (next < count) {
        const part = next++
        await upload.copy(part + 1, objects.source(from), part * copyBytes, Math.min((part + 1) * copyBytes, bytes))
      }
    }
    await Promise.all(Array.from({ length: COPIES }, copySome))
    await upload.complete()
  } catch (error) {
    await upload.abort()
    throw error
  }
}

/** Ends uploads below `folder` that were begun before `before` and not completed. Gives how many. */
export async function abortUploads ({ client, at }: S3Objects, folder: string, before: number): Promise<number> {
  const { Bucket, Key: Prefix } = at(folder)
  let aborted = 0
  for (let marker: { KeyMarker?: string, UploadIdMarker?: string } = {}, more = true; more;) {
    // Some stores say "not found" where there are none.
    const answer = await orMissing(client.send(new ListMultipartUploadsCommand({ Bucket, Prefix, ...marker })))
    if (answer === null) break
    for (const { Key, UploadId, Initiated } of answer.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || (Initiated?.getTime() ?? 0) > before) continue
      await orMissing(client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })))
      aborted++
    }
    more = answer.IsTruncated === true && answer.NextKeyMarker !== undefined
    marker = { ...(answer.NextKeyMarker !== undefined && { KeyMarker: answer.NextKeyMarker }), ...(answer.NextUploadIdMarker !== undefined && { UploadIdMarker: answer.NextUploadIdMarker }) }
  }
  return aborted
}
